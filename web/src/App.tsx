import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { Navigate, Route, Routes, useLocation } from 'react-router';
import { Busy } from './components/Busy';
import { ForgottenPage } from './pages/ForgottenPage';
import { MailLinkPage } from './pages/MailLinkPage';
import { SignInPage } from './pages/SignInPage';
import { SignUpPage } from './pages/SignUpPage';
import {
  type Farewell,
  forgetWhatIsNotShared,
  forgetWhatWasLeft,
  leave,
  takeFarewell,
} from './session/leaving';
import { useSession } from './session/useSession';

/** What is needed only after sign-in, Firestore first of all, is loaded only then. */
const SignedIn = lazy(async () => {
  await forgetWhatIsNotShared();
  return import('./SignedIn');
});

export function App() {
  const session = useSession();
  const location = useLocation();
  const before = useRef(session);
  const [farewell, setFarewell] = useState<Farewell>();
  useEffect(() => {
    const left = session === 'signed-out' && typeof before.current === 'object';
    if (session === 'signed-out' && before.current === 'unknown') forgetWhatWasLeft();
    before.current = session;
    setFarewell(left ? takeFarewell() : undefined);
    if (left) leave();
  }, [session]);
  if (session === 'unknown') return <Busy />;
  if (location.pathname === '/mail-link') return <MailLinkPage />;
  if (session === 'signed-out') {
    return (
      <Routes>
        <Route path="/sign-in" element={<SignInPage farewell={farewell} />} />
        <Route path="/sign-up" element={<SignUpPage />} />
        <Route path="/forgotten" element={<ForgottenPage />} />
        <Route
          path="*"
          element={
            <Navigate
              to="/sign-in"
              replace
              // The fragment too: a label's link has its code there.
              state={{ from: location.pathname + location.search + location.hash }}
            />
          }
        />
      </Routes>
    );
  }
  return (
    <Suspense fallback={<Busy />}>
      <SignedIn key={session.uid} user={session} />
    </Suspense>
  );
}
