/** Which hosts the built page may talk to (Content-Security-Policy), and no others. */
import type { Plugin } from 'vite';
import { theme } from './src/theme/theme.ts';

/** Where the demo's emulators are, on ports of their own. */
const EMULATORS = ['http://127.0.0.1:*', 'http://localhost:*'];

interface Surroundings {
  demo: boolean;
  appCheck: boolean;
}

function policy({ demo, appCheck }: Surroundings): string {
  const google = theme.signInWithGoogle;
  const emulators = demo ? EMULATORS : [];
  const directives: Record<string, (string | false)[]> = {
    'default-src': ["'self'"],
    'script-src': [
      "'self'",
      google && 'https://apis.google.com',
      appCheck && 'https://www.google.com/recaptcha/',
      appCheck && 'https://www.gstatic.com/recaptcha/',
    ],
    // The component library writes its colours into the page.
    'style-src': ["'self'", "'unsafe-inline'"],
    // By the picture Firestore's SDK finds out whether there is a network when the service is silent.
    'img-src': ["'self'", 'data:', 'https://www.google.com/images/cleardot.gif'],
    'connect-src': [
      "'self'",
      'https://identitytoolkit.googleapis.com',
      'https://securetoken.googleapis.com',
      'https://firestore.googleapis.com',
      'https://*.cloudfunctions.net',
      appCheck && 'https://content-firebaseappcheck.googleapis.com',
      appCheck && 'https://www.google.com/recaptcha/',
      ...emulators,
    ],
    'frame-src': [
      google && "'self'",
      google && 'https://*.firebaseapp.com',
      appCheck && 'https://www.google.com/recaptcha/',
      ...(google ? emulators : []),
    ],
    'object-src': ["'none'"],
    'base-uri': ["'none'"],
    'form-action': ["'self'"],
  };
  return Object.entries(directives)
    .map(([name, sources]) => {
      const given = sources.filter((source) => source !== false);
      return [name, ...(given.length > 0 ? given : ["'none'"])].join(' ');
    })
    .join('; ');
}

/** Writes the policy into the built page; the development server needs scripts that it forbids. */
export function contentSecurityPolicy(): Plugin {
  let surroundings: Surroundings;
  return {
    name: 'content-security-policy',
    apply: 'build',
    configResolved({ mode, env }) {
      surroundings = { demo: mode === 'demo', appCheck: Boolean(env.VITE_APP_CHECK_KEY) };
    },
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: policy(surroundings) },
        injectTo: 'head-prepend',
      },
    ],
  };
}
