import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where runs of the local stack keep their files; `local/runs.py` writes them. */
const RUNS = new URL('../.local/', import.meta.url).pathname;

interface Demo {
  run: string;
  hosting: string;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function demos(folder: string): Demo[] {
  const found: Demo[] = [];
  for (const run of readdirSync(folder)) {
    const pid = /^demo-(\d+)-\d+$/.exec(run)?.[1];
    if (!pid || !isRunning(Number(pid))) continue;
    try {
      const addresses = JSON.parse(readFileSync(join(folder, run, 'addresses.json'), 'utf8'));
      found.push({ run, hosting: `http://${addresses.HOSTING_EMULATOR_HOST}` });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // It still starts.
    }
  }
  return found;
}

/** The address of the running demo's web app. Throws when there is none, or more than one. */
export function demoUrl(folder = RUNS): string {
  if (process.env.HOSTING_URL) return process.env.HOSTING_URL;
  const running = demos(folder);
  const [demo, ...others] = running;
  if (!demo) {
    throw new Error(
      'No demo of this checkout is running: start it with make demo, or set HOSTING_URL.',
    );
  }
  if (others.length > 0) {
    const urls = running.map(({ hosting }) => hosting).join(', ');
    throw new Error(`Several demos are running. Set HOSTING_URL to one of: ${urls}`);
  }
  return demo.hosting;
}
