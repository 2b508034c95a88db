/** What the built app is made of: its weight before sign-in, and what must not be in it. */
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { describe, expect, it } from 'vitest';

/** Bytes of compressed script that the sign-in page may load. */
const SIGN_IN_BUDGET = 200_000;
const BUILD_SECONDS = 60;

type Outputs = Rolldown.RolldownOutput['output'][number][];

async function outputsOf(mode: string): Promise<Outputs> {
  // `vite build` sets this itself; under the tests it says `test`, and React's own checks get in.
  process.env.NODE_ENV = 'production';
  const result = await build({ mode, logLevel: 'error', build: { write: false } });
  const outputs = (Array.isArray(result) ? result : [result]) as Rolldown.RolldownOutput[];
  return outputs.flatMap(({ output }) => output);
}

function chunksOf(outputs: Outputs): Map<string, Rolldown.OutputChunk> {
  const chunks = outputs.filter((file) => file.type === 'chunk');
  return new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
}

/** The page's Content-Security-Policy: sources by directive. */
function policyOf(outputs: Outputs): Map<string, string[]> {
  const page = outputs.find(({ fileName }) => fileName === 'index.html');
  const html = page?.type === 'asset' ? String(page.source) : '';
  const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
  return new Map(
    policy
      .replaceAll('&#39;', "'")
      .split('; ')
      .map((directive) => {
        const [name = '', ...sources] = directive.split(' ');
        return [name, sources];
      }),
  );
}

/** The chunk that index.html names, and what it imports before it runs. */
function loadedAtOnce(chunks: Map<string, Rolldown.OutputChunk>): Rolldown.OutputChunk[] {
  const loaded = new Set<Rolldown.OutputChunk>();
  const visit = (chunk: Rolldown.OutputChunk | undefined) => {
    if (!chunk || loaded.has(chunk)) return;
    loaded.add(chunk);
    for (const name of chunk.imports) visit(chunks.get(name));
  };
  for (const chunk of chunks.values()) if (chunk.isEntry) visit(chunk);
  return [...loaded];
}

const modulesOf = (chunks: Iterable<Rolldown.OutputChunk>) =>
  [...chunks].flatMap(({ moduleIds }) => moduleIds);

describe('the production build', async () => {
  const outputs = await outputsOf('production');
  const chunks = chunksOf(outputs);
  const atOnce = loadedAtOnce(chunks);

  it('keeps the sign-in page light', () => {
    const bytes = atOnce.reduce((sum, { code }) => sum + gzipSync(code).length, 0);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(SIGN_IN_BUDGET);
  });

  it('loads Firestore and the functions’ client after sign-in only', () => {
    const later = /@firebase\/(firestore|functions|webchannel-wrapper)\//;
    expect(modulesOf(chunks.values()).filter((id) => later.test(id))).not.toEqual([]);
    expect(modulesOf(atOnce).filter((id) => later.test(id))).toEqual([]);
  });

  it('knows nothing of the emulators', () => {
    expect([...chunks.values()].filter(({ code }) => code.includes('useEmulator=true'))).toEqual(
      [],
    );
  });

  it('runs its own scripts alone, and talks to its own back end alone', () => {
    const policy = policyOf(outputs);
    expect(policy.get('default-src')).toEqual(["'self'"]);
    expect(policy.get('script-src')).toEqual(["'self'"]);
    const hosts = [...policy.values()].flat().filter((source) => !source.startsWith("'"));
    expect(hosts.filter((host) => !host.startsWith('https://'))).toEqual(['data:']);
  });

  it('holds none of the demo’s secrets', () => {
    const root = new URL('../../', import.meta.url);
    const files = readdirSync(root).filter((name) => name === '.secret.local');
    const secrets = files
      .flatMap((name) => readFileSync(new URL(name, root), 'utf8').split('\n'))
      .filter((line) => line.includes('=') && !line.startsWith('#'))
      .map((line) => line.slice(line.indexOf('=') + 1).trim())
      .filter((value) => value.length > 0);
    expect(secrets).not.toEqual([]);
    for (const { code } of chunks.values()) {
      expect(secrets.filter((secret) => code.includes(secret))).toEqual([]);
    }
  });
});

it(
  'asks the emulators in the demo build',
  async () => {
    const outputs = await outputsOf('demo');
    expect(policyOf(outputs).get('connect-src')).toContain('http://127.0.0.1:*');
    const chunks = chunksOf(outputs);
    expect([...chunks.values()].some(({ code }) => code.includes('useEmulator=true'))).toBe(true);
  },
  BUILD_SECONDS * 1000,
);
