import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { theme } from './src/theme/theme.ts';
import { contentSecurityPolicy } from './vite.csp.ts';
import { demoUrl } from './vite.demo.ts';
import { installable } from './vite.pwa.ts';

/** The page's name and colour stand in the theme file alone; the document gets them from there. */
const themedDocument = {
  name: 'themed-document',
  transformIndexHtml: {
    // Before the logo is looked for.
    order: 'pre' as const,
    handler: (html: string) =>
      html
        .replaceAll('%PRODUCT_NAME%', theme.name)
        .replaceAll('%PRODUCT_COLOUR%', theme.colour)
        .replaceAll('%PRODUCT_LOGO%', theme.logo),
  },
};

export default defineConfig(({ command, isPreview }) => ({
  resolve: {
    alias: { 'theme-logo': new URL(`src/theme/${theme.logo}`, import.meta.url).pathname },
  },
  plugins: [react(), themedDocument, contentSecurityPolicy(), installable()],
  build: {
    // Firestore alone is near it, and is loaded after sign-in only; src/build.test.ts sees to that.
    chunkSizeWarningLimit: 600,
  },
  // The development server has no reserved Hosting URLs: it asks the running demo's Hosting emulator.
  server:
    command === 'serve' && !isPreview && !process.env.VITEST ? { proxy: { '/__': demoUrl() } } : {},
  test: { include: ['src/**/*.test.ts'] },
}));
