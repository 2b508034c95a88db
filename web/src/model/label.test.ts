import { describe, expect, it } from 'vitest';
import { labelInFragment, labelInScan } from './label';

const label = { serialNumber: 'TH-2040-0118', setupCode: '9RWH-C3NE' };

describe('a label', () => {
  it('is read from its link', () => {
    const link = 'https://app.example.com/claim#serial=TH-2040-0118&code=9RWH-C3NE';
    expect(labelInScan(link)).toEqual(label);
    expect(labelInFragment('#code=9RWH-C3NE&serial=%20TH-2040-0118%20')).toEqual(label);
  });

  it('needs no code where the product does without', () => {
    expect(labelInFragment('#serial=TH-1', false)).toEqual({ serialNumber: 'TH-1', setupCode: '' });
    expect(labelInFragment('#code=9RWH-C3NE', false)).toBeUndefined();
  });

  it.each(['', '#', '#serial=TH-1', 'https://example.com/?serial=a&code=b', 'WIFI:S:x;;'])(
    'is not found in %j',
    (text) => expect(labelInScan(text)).toBeUndefined(),
  );
});
