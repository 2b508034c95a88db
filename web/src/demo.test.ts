import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { demoUrl } from '../vite.demo';

/** No Linux or macOS process has an id above this. */
const GONE = 2 ** 22 + 1;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function announce(run: string, hosting: string): void {
  mkdirSync(join(folder, run));
  const addresses = JSON.stringify({ HOSTING_EMULATOR_HOST: hosting });
  writeFileSync(join(folder, run, 'addresses.json'), addresses);
}

test('the running demo is found, and no other run', () => {
  mkdirSync(join(folder, `demo-${process.pid}-30000`));
  announce(`demo-${GONE}-20000`, '127.0.0.1:1');
  announce(`tests-${process.pid}-20000`, '127.0.0.1:2');
  expect(() => demoUrl(folder)).toThrow('make demo');
  announce(`demo-${process.pid}-20000`, '127.0.0.1:3');
  expect(demoUrl(folder)).toBe('http://127.0.0.1:3');
});

test('of several demos one has to be named', () => {
  announce(`demo-${process.pid}-20000`, '127.0.0.1:3');
  announce(`demo-${process.pid}-21000`, '127.0.0.1:4');
  expect(() => demoUrl(folder)).toThrow('http://127.0.0.1:3, http://127.0.0.1:4');
});
