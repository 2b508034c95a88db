import type { User } from 'firebase/auth';
import { useMemo } from 'react';
import { Navigate, Route, Routes, useLocation } from 'react-router';
import { Frame } from './components/Frame';
import { AccountPage } from './pages/AccountPage';
import { AddDevicePage } from './pages/AddDevicePage';
import { AlertsPage } from './pages/AlertsPage';
import { DevicePage } from './pages/DevicePage';
import { DevicesPage } from './pages/DevicesPage';
import { JoinPage } from './pages/JoinPage';
import { NotFoundPage } from './pages/NotFoundPage';
import { SchedulesPage } from './pages/SchedulesPage';
import { SharingPage } from './pages/SharingPage';
import { hasPassword } from './session/account';
import { CustomerContext } from './session/context';
import { useCutOff } from './session/useCutOff';
import { useDevices } from './session/useDevices';
import { useProfile } from './session/useProfile';

/** Back to the page that asked for a sign-in. */
function Arrival() {
  const state: unknown = useLocation().state;
  const from = typeof state === 'object' && state !== null && 'from' in state ? state.from : '';
  return (
    <Navigate to={typeof from === 'string' && from !== '/' && from ? from : '/devices'} replace />
  );
}

/** Everything behind sign-in. */
export default function SignedIn({ user }: { user: User }) {
  const { uid, email, emailVerified } = user;
  const profile = useProfile(user);
  const { live: devices, ended } = useDevices(uid);
  const cutOff = useCutOff(devices);
  const customer = useMemo(
    () => ({
      uid,
      email: email ?? '',
      emailVerified,
      hasPassword: hasPassword(user),
      profile,
      devices,
      ended,
      cutOff,
    }),
    [uid, email, emailVerified, user, profile, devices, ended, cutOff],
  );
  return (
    <CustomerContext value={customer}>
      <Frame>
        <Routes>
          <Route index element={<Navigate to="/devices" replace />} />
          <Route path="sign-in" element={<Arrival />} />
          <Route path="sign-up" element={<Arrival />} />
          <Route path="forgotten" element={<Arrival />} />
          <Route path="devices" element={<DevicesPage />} />
          <Route path="devices/add" element={<AddDevicePage />} />
          {/* Where the labels' links lead. */}
          <Route path="claim" element={<AddDevicePage />} />
          <Route path="devices/:deviceId" element={<DevicePage />} />
          <Route path="devices/:deviceId/alerts" element={<AlertsPage />} />
          <Route path="devices/:deviceId/schedules" element={<SchedulesPage />} />
          <Route path="devices/:deviceId/sharing" element={<SharingPage />} />
          {/* Where the links of invitations lead. */}
          <Route path="join" element={<JoinPage kind="share" />} />
          <Route path="transfer" element={<JoinPage kind="transfer" />} />
          <Route path="account" element={<AccountPage />} />
          <Route path="*" element={<NotFoundPage />} />
        </Routes>
      </Frame>
    </CustomerContext>
  );
}
