/** What makes the build installable: its manifest, and a service worker that knows its files. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { build, type Plugin, type Rolldown } from 'vite';
import { theme } from './src/theme/theme.ts';

const ICONS = ['icon-192.png', 'icon-512.png'] as const;

function manifest(): string {
  return JSON.stringify({
    name: theme.name,
    short_name: theme.shortName,
    start_url: '/devices',
    scope: '/',
    display: 'standalone',
    background_color: '#ffffff',
    theme_color: theme.colour,
    icons: ICONS.flatMap((icon) =>
      ['any', 'maskable'].map((purpose) => ({
        src: `/${icon}`,
        type: 'image/png',
        sizes: icon.replace(/\D+/g, ' ').trim().replace(/(\d+)/, '$1x$1'),
        purpose,
      })),
    ),
  });
}

async function worker(files: string[], name: string): Promise<string> {
  const result = (await build({
    configFile: false,
    logLevel: 'error',
    define: { BUILD_FILES: JSON.stringify(files), BUILD_NAME: JSON.stringify(name) },
    build: {
      write: false,
      rolldownOptions: { input: new URL('src/worker/sw.ts', import.meta.url).pathname },
    },
  })) as Rolldown.RolldownOutput;
  return result.output[0].code;
}

/** Adds `manifest.webmanifest`, the icons and `sw.js` to the build. */
export function installable(): Plugin {
  return {
    name: 'installable',
    apply: 'build',
    async generateBundle(_, bundle) {
      for (const icon of ICONS) {
        const source = readFileSync(new URL(`src/theme/${icon}`, import.meta.url));
        this.emitFile({ type: 'asset', fileName: icon, source });
      }
      this.emitFile({ type: 'asset', fileName: 'manifest.webmanifest', source: manifest() });
      const files = Object.keys(bundle)
        .filter((file) => file.startsWith('assets/'))
        .map((file) => `/${file}`)
        .sort();
      // Assets are named after their content.
      const name = createHash('sha256').update(files.join()).digest('hex').slice(0, 16);
      this.emitFile({ type: 'asset', fileName: 'sw.js', source: await worker(files, name) });
    },
  };
}
