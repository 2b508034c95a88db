interface ImportMetaEnv {
  /** Region of the callable functions, set at build time; without it, the default of a deployment. */
  readonly VITE_FUNCTIONS_REGION?: string;
}
