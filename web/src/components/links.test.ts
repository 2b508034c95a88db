import { MantineProvider } from '@mantine/core';
import { createElement, type FunctionComponent } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Problem } from '../backend/problems';
import { Failure } from './Failure';
import { Legal } from './Legal';

const theme = vi.hoisted((): Record<string, string> => ({ name: 'Acme' }));
vi.mock('../theme/theme', () => ({ theme }));

const links = <Props extends object>(component: FunctionComponent<Props>, props: Props) =>
  renderToStaticMarkup(createElement(MantineProvider, null, createElement(component, props))).match(
    /href="[^"]*"/g,
  );
const problem: Problem = { reason: 'unexpected', errorId: 'e1' };

describe('links of the theme', () => {
  beforeEach(() => {
    for (const name of Object.keys(theme)) if (name !== 'name') delete theme[name];
  });

  it('are nowhere without addresses', () => {
    expect(links(Failure, { problem })).toBeNull();
    expect(links(Legal, {})).toBeNull();
  });

  it('lead from a failure to support, by mail with what it asks for', () => {
    theme.supportEmail = 'help@example.com';
    expect(links(Failure, { problem })).toEqual([
      'href="mailto:help@example.com?subject=Acme%2C%20unexpected%2C%20e1"',
    ]);
    theme.supportUrl = 'https://example.com/help';
    expect(links(Failure, { problem })).toEqual(['href="https://example.com/help"']);
    // The customer can mend this.
    expect(links(Failure, { problem: { reason: 'wrong-serial-or-code' } })).toBeNull();
  });

  it('lead to privacy and terms', () => {
    theme.privacyUrl = 'https://example.com/privacy';
    theme.termsUrl = 'https://example.com/terms';
    expect(links(Legal, {})).toEqual([
      'href="https://example.com/privacy"',
      'href="https://example.com/terms"',
    ]);
  });
});
