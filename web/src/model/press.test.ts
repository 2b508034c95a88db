import { expect, it } from 'vitest';
import type { Reason } from '../backend/problems';
import english from '../messages/en.json';
import { canSendAgain, newPress } from './press';

it('gives each press an id of its own', () => {
  const first = newPress('d', 'setTarget', '21');
  const second = newPress('d', 'setTarget', '21');
  expect(first).toMatchObject({ deviceId: 'd', function: 'setTarget', argument: '21' });
  expect(second.requestId).not.toBe(first.requestId);
});

it('sends the same press again only while its outcome is open', () => {
  expect((Object.keys(english.errors) as Reason[]).filter(canSendAgain)).toEqual([
    'in-progress',
    'no-answer',
    'unexpected',
  ]);
});
