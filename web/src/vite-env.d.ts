interface ImportMetaEnv {
  /** Region of the callable functions, set at build time; without it, the default of a deployment. */
  readonly VITE_FUNCTIONS_REGION?: string;
  /** Site key of reCAPTCHA Enterprise for App Check, set at build time. */
  readonly VITE_APP_CHECK_KEY?: string;
}

/** The address of the theme's logo; vite.config.ts tells which file it is. */
declare module 'theme-logo' {
  const address: string;
  export default address;
}
