import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, hex, utf8 } from '@sotto/core/base/bytes.ts';
import { ConnectGreeting, HEADER_BYTES_MAX } from './proxy-connect.ts';
import type { Greeting, GreetingStep } from './proxy-greeting.ts';
import { socksAccount, SocksGreeting } from './proxy-socks.ts';

const TO = { host: '192.0.2.7', port: 443 };
const TO_V6 = { host: '2001:db8::7', port: 8443 };
const ACCOUNT = socksAccount('ana', utf8('geheim'));

function socks(to = TO): SocksGreeting {
  const greeting = new SocksGreeting(to, ACCOUNT);
  expect(hex(greeting.begin())).toBe('05020200');
  return greeting;
}

function connect(account?: { user: string; password: string }): ConnectGreeting {
  return new ConnectGreeting(
    TO,
    account && { user: account.user, password: utf8(account.password) },
  );
}

/** What it does with these bytes, as hex; `open` and `fault` with what they say. */
function told(step: GreetingStep): string {
  if (step.type === 'more') return step.say ? hex(step.say) : 'more';
  return step.type === 'open' ? `open ${hex(step.rest)}` : step.fault;
}

const say = (greeting: Greeting, bytes: string): string => told(greeting.handle(fromHex(bytes)!));
const answer = (greeting: Greeting, text: string): string => told(greeting.handle(utf8(text)));

describe('SOCKS5', () => {
  test('[PRX-6] name and password, then the address, byte for byte', () => {
    const greeting = socks();
    expect(say(greeting, '0502')).toBe('0103616e610667656865696d');
    expect(say(greeting, '0100')).toBe('05010001c000020701bb');
    expect(say(greeting, '0500000100000000000068690a')).toBe('open 68690a');
  });

  test('[PRX-6] a proxy that wants no account gets none; IPv6 and named answers', () => {
    const greeting = socks(TO_V6);
    const open = `05010004${'20010db8'}${'00'.repeat(11)}0720fb`;
    expect(say(greeting, '0500')).toBe(open);
    expect(say(greeting, '05000003026162')).toBe('more');
    expect(say(greeting, '0050')).toBe('open ');
    const six = socks();
    say(six, '0500');
    expect(say(six, `05000004${'00'.repeat(18)}`)).toBe('open ');
  });

  const refusals: [string, string[], string][] = [
    ['no method of ours will do', ['05ff'], 'password'],
    ['the account is refused', ['0502', '0101'], 'password'],
    ['its rules forbid it', ['0500', '0502'], 'not-allowed'],
    ['a general failure', ['0500', '05010001000000000000'], 'target'],
    ['nobody there', ['0500', '0504'], 'target'],
    ['refused there', ['0500', '0505'], 'target'],
    ['it knows no IPv6', ['0500', '0508'], 'target'],
    ['a web server', ['48545450'], 'not-a-proxy'],
    ['version 4', ['04'], 'not-a-proxy'],
    ['an account answer of no version', ['0502', '0500'], 'not-a-proxy'],
    ['an address of no type', ['0500', '050000090000000000'], 'not-a-proxy'],
  ];
  test.each(refusals)('[PRX-8] %s', (_, answers, fault) => {
    const greeting = socks();
    expect(answers.map((bytes) => say(greeting, bytes)).at(-1)).toBe(fault);
  });
});

describe('HTTP CONNECT', () => {
  test('[PRX-6] with and without an account, and no word about this program', () => {
    const text = (greeting: Greeting): string => new TextDecoder().decode(greeting.begin());
    expect(text(connect())).toBe('CONNECT 192.0.2.7:443 HTTP/1.1\r\nHost: 192.0.2.7:443\r\n\r\n');
    // RFC 7617, section 2.
    expect(text(connect({ user: 'Aladdin', password: 'open sesame' }))).toBe(
      'CONNECT 192.0.2.7:443 HTTP/1.1\r\nHost: 192.0.2.7:443\r\n' +
        'Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n',
    );
    expect(text(new ConnectGreeting(TO_V6, undefined))).toContain('CONNECT [2001:db8::7]:8443 ');
  });

  test('[PRX-6] the stream begins right after the headers', () => {
    const greeting = connect();
    expect(answer(greeting, 'HTTP/1.0 200 Connection established\r\nProxy-agent: x\r\n')).toBe(
      'more',
    );
    expect(answer(greeting, '\r\n\u0000hi')).toBe('open 006869');
    expect(answer(connect(), 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 \r\n\r\n')).toBe('open ');
  });

  const refusals: [string, string][] = [
    ['HTTP/1.1 407 Proxy Authentication Required', 'password'],
    ['HTTP/1.0 401 Unauthorized', 'password'],
    ['HTTP/1.0 403 Access violation', 'not-allowed'],
    ['HTTP/1.1 405 Method Not Allowed', 'not-allowed'],
    ['HTTP/1.1 502 Bad Gateway', 'target'],
    ['HTTP/1.0 500 Unable to connect', 'target'],
    ['HTTP/1.1 503 Service Unavailable', 'target'],
    ['HTTP/1.1 504 Gateway Timeout', 'target'],
    ['HTTP/1.0 501 Tor is not an HTTP Proxy', 'not-a-proxy'],
    ['HTTP/1.1 400 Bad Request', 'not-a-proxy'],
    ['HTTP/1.1 404 Not Found', 'not-a-proxy'],
    ['HTTP/1.1 301 Moved', 'not-a-proxy'],
    ['HTTP/1.1 OK', 'not-a-proxy'],
    ['SSH-2.0-OpenSSH_9.2', 'not-a-proxy'],
  ];
  test.each(refusals)('[PRX-8] %s', (line, fault) => {
    expect(answer(connect(), `${line}\r\nA: b\r\n\r\n`)).toBe(fault);
  });

  test('[PRX-9] headers without an end are cut off', () => {
    const greeting = connect();
    expect(answer(greeting, 'HTTP/1.1 200 OK\r\n')).toBe('more');
    expect(answer(greeting, 'A'.repeat(HEADER_BYTES_MAX))).toBe('not-a-proxy');
  });

  test('[PRX-9] and so is who says without end that we should wait', () => {
    const wait = 'HTTP/1.1 100 Continue\r\n\r\n';
    expect(answer(connect(), wait.repeat(8))).toBe('more');
    expect(answer(connect(), wait.repeat(9))).toBe('not-a-proxy');
  });
});

test('[PRX-9] whatever a proxy says, in whatever pieces, one answer comes and nothing throws', () => {
  const socksAnswer = '0502' + '0100' + '05000001000000000000' + 'abcd';
  const httpAnswer = hex(utf8('HTTP/1.1 200 OK\r\nA: b\r\n\r\nhello'));
  const cases: [() => Greeting, string][] = [
    [() => socks(), socksAnswer],
    [() => connect(), httpAnswer],
  ];
  for (const [make, good] of cases) {
    const whole = fromHex(good)!;
    const rest: number[] = [];
    const greeting = make();
    let open = false;
    for (const byte of whole) {
      if (open) {
        rest.push(byte);
        continue;
      }
      open = greeting.handle(Uint8Array.of(byte)).type === 'open';
    }
    expect(open).toBe(true);
    expect(rest.length).toBeGreaterThan(0);
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (pieces) => {
        const subject = make();
        for (const piece of pieces) if (subject.handle(piece).type !== 'more') return;
      }),
    );
  }
});
