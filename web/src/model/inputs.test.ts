import { describe, expect, it } from 'vitest';
import { isEmail, isIdentifier } from './inputs';

describe('isEmail', () => {
  it.each(['ada@example.com', ' ada@example.com ', 'a+b@c.d.e'])('takes %s', (typed) => {
    expect(isEmail(typed)).toBe(true);
  });
  it.each(['', 'ada', 'ada@example', '@example.com', 'a b@example.com'])('refuses %j', (typed) => {
    expect(isEmail(typed)).toBe(false);
  });
});

describe('isIdentifier', () => {
  it.each(['a', 'set_Target2', 'x'.repeat(64)])('takes %s', (typed) => {
    expect(isIdentifier(typed)).toBe(true);
  });
  it.each(['', 'a b', 'a-b', 'é', '../x', 'x'.repeat(65)])('refuses %j', (typed) => {
    expect(isIdentifier(typed)).toBe(false);
  });
});
