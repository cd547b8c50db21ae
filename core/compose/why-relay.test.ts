import { expect, test } from 'vitest';
import type { WhyRelay } from '../commands.ts';
import type { RecordCandidate } from '../discovery/record.ts';
import { whyRelay, type OurSide, type TheirSide } from './why-relay.ts';

const FOUR: RecordCandidate = {
  transport: 'udp',
  endpoint: { host: '93.184.216.34', port: 4_000 },
  nat: 'independent',
};
const RANDOM: RecordCandidate = { ...FOUR, nat: 'random' };
const TCP: RecordCandidate = { ...FOUR, transport: 'tcp' };
const OURS: OurSide = { policy: 'auto', udpPort: 4_000, nat: 'independent' };
const THEIRS: TheirSide = { policy: 'auto', candidates: [FOUR, TCP] };

const rows: [WhyRelay, Partial<OurSide>, Partial<TheirSide>][] = [
  ['ours-hidden', { policy: 'hidden', udpPort: undefined }, { policy: 'hidden' }],
  ['theirs-hidden', { nat: 'random' }, { policy: 'hidden', candidates: [] }],
  ['ours-without-udp', { udpPort: undefined, nat: 'random' }, { candidates: [TCP] }],
  ['theirs-without-udp', { nat: 'random' }, { candidates: [TCP] }],
  ['both-varied', { nat: 'random' }, { candidates: [TCP, RANDOM] }],
  ['ours-varied', { nat: 'random' }, {}],
  ['theirs-varied', {}, { candidates: [RANDOM] }],
  ['unknown', {}, {}],
  ['unknown', { nat: 'random' }, { policy: undefined, candidates: undefined }],
];
test.each(rows)('[API-22] why a relay carries a link: %s', (why, ours, theirs) => {
  expect(whyRelay({ ...OURS, ...ours }, { ...THEIRS, ...theirs })).toBe(why);
});
