import fc from 'fast-check';
import { expect, test } from 'vitest';
import { authorityOf, parseTracker, trackerText } from './tracker-url.ts';

test.each([
  ['http://tracker.example/announce', 'http', 'tracker.example', 80, '/announce'],
  ['HTTPS://Tracker.Example:8443/a?key=1', 'https', 'tracker.example', 8443, '/a?key=1'],
  ['https://[2001:DB8::1]/announce', 'https', '2001:db8::1', 443, '/announce'],
  ['udp://192.0.2.7:6969', 'udp', '192.0.2.7', 6969, '/announce'],
  ['udp://tracker.example:1337/announce', 'udp', 'tracker.example', 1337, '/announce'],
])('[TRK-1] %s is a tracker', (text, kind, host, port, path) => {
  const tracker = parseTracker(text)!;
  expect(tracker).toEqual({ kind, host, port, path });
  expect(parseTracker(trackerText(tracker))).toEqual(tracker);
});

test.each([
  ...['', 'tracker.example', 'ftp://tracker.example/announce', 'wss://tracker.example/announce'],
  ...['udp://tracker.example/announce', 'http://tracker.example:0/', 'udp://tracker.example:65536'],
  ...['http://user@tracker.example/announce', 'http://256.1.1.1/announce', 'http://[1.2.3.4]/a'],
  ...['http://2001:db8::1/announce', 'http://tracker.example/a b', 'http://tracker.example/a#b'],
  ...['http://-a.example/', 'http://a..example/', `http://a.example/${'a'.repeat(300)}`],
  'http://tracker.example/a\r\nHost: other',
])('[TRK-1] %j is none', (text) => {
  expect(parseTracker(text)).toBeUndefined();
});

test('[TRK-1] the standard port is not written', () => {
  expect(authorityOf(parseTracker('http://[::1]:80/announce')!)).toBe('[::1]');
  expect(authorityOf(parseTracker('https://a.example:80/announce')!)).toBe('a.example:80');
  expect(trackerText(parseTracker('http://a.example:80/announce')!)).toBe(
    'http://a.example/announce',
  );
});

test('[TRK-1] no text makes it throw, and what it takes it writes and takes again', () => {
  const part = fc.constantFrom('udp', 'http', 'https', '://', '[', ']', ':', '/', '?', 'a.b', '1');
  const text = fc.array(fc.oneof(part, fc.string({ maxLength: 4 })), { maxLength: 12 });
  fc.assert(
    fc.property(text, (parts) => {
      const tracker = parseTracker(parts.join(''));
      if (tracker) expect(parseTracker(trackerText(tracker))).toEqual(tracker);
    }),
    { numRuns: 2_000 },
  );
});
