import { lazy, Suspense } from 'react';
import { Navigate, Route, Routes, useLocation } from 'react-router';
import { Busy } from './components/Busy';
import { SignInPage } from './pages/SignInPage';
import { SignUpPage } from './pages/SignUpPage';
import { useSession } from './session/useSession';

/** What is needed only after sign-in, Firestore first of all, is loaded only then. */
const SignedIn = lazy(() => import('./SignedIn'));

export function App() {
  const session = useSession();
  const location = useLocation();
  if (session === 'unknown') return <Busy />;
  if (session === 'signed-out') {
    return (
      <Routes>
        <Route path="/sign-in" element={<SignInPage />} />
        <Route path="/sign-up" element={<SignUpPage />} />
        <Route
          path="*"
          element={<Navigate to="/sign-in" replace state={{ from: location.pathname }} />}
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
