import type english from '../messages/en.json';

type Some<T> = { readonly [K in keyof T]?: T[K] extends string ? string : Some<T[K]> };

export interface Theme {
  /** Shown in the header, in the browser's tab and wherever a message says `{{product}}`. */
  readonly name: string;
  /** Below the icon on a phone's home screen; at most 12 characters are sure to be seen. */
  readonly shortName: string;
  /**
   * The brand's colour as `#rrggbb`, for buttons, links, lines and the browser's own bars. Where text
   * on it, or it on the ground, could not be read, it is darkened or lightened as far as needed.
   */
  readonly colour: string;
  readonly fontFamily: string;
  /** A picture in this folder, for the header and the browser's tab. */
  readonly logo: string;
  /** Messages in other words, by language: what is not here is said as in `src/messages/`. */
  readonly texts: Readonly<Record<string, Some<typeof english>>>;
  /** Where customers get help; shown beside failures and on the account page. */
  readonly supportUrl?: string;
  /** Where there is no `supportUrl`. */
  readonly supportEmail?: string;
  /** Shown at sign-up and on the account page. */
  readonly privacyUrl?: string;
  readonly termsUrl?: string;
  /** Also to be allowed in the project: Authentication, Sign-in method. */
  readonly signInWithGoogle: boolean;
  /** Whether customers may get access tokens for their own programs, on the account page. */
  readonly developerTokens: boolean;
  /** Whether the account page has webhooks, for customers who write programs. */
  readonly webhooks: boolean;
  /** Whether some devices learn their Wi-Fi first, and are claimed by a code that they are handed then. */
  readonly wifiSetup: boolean;
  /** Whether labels have a setup code; not where the functions run with `REQUIRE_SETUP_CODE=false`. */
  readonly setupCodes: boolean;
}

/** What makes the app the maker's own. The icons of the installed app lie beside this file. */
export const theme: Theme = {
  name: 'Example Devices',
  shortName: 'Devices',
  colour: '#0b7285',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  logo: 'logo.svg',
  texts: {},
  signInWithGoogle: false,
  developerTokens: true,
  webhooks: true,
  wifiSetup: true,
  setupCodes: true,
};
