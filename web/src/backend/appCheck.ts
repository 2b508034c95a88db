/** Shows the functions that it is this app that calls them; loaded only where a key is set. */
import type { FirebaseApp } from 'firebase/app';
import { initializeAppCheck, ReCaptchaEnterpriseProvider } from 'firebase/app-check';

/** `key`: of reCAPTCHA Enterprise, as registered under App Check in the Firebase console. */
export function startAppCheck(app: FirebaseApp, key: string): void {
  initializeAppCheck(app, {
    provider: new ReCaptchaEnterpriseProvider(key),
    isTokenAutoRefreshEnabled: true,
  });
}
