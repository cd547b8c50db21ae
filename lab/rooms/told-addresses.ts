/**
 * Says which addresses of the room that it runs in a daemon would tell others: JSON, one line.
 *
 *   usage: told-addresses.ts
 *
 * @module
 */
import { OwnAddresses } from '../../daemon/own-addresses.ts';

const own = new OwnAddresses(['0.0.0.0', '::'], false);
await own.look();
process.stdout.write(`${JSON.stringify(own.told())}\n`);
