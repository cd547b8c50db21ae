/**
 * Preloaded into a daemon of the lab (NODE_OPTIONS): the program stays the released one, and all
 * that it opens with a key is kept beside: every record of a link, first flight, hello, record of
 * the DHT. The file (SOTTO_PLAINTEXTS) has for each the time (8 bytes, float, milliseconds since
 * 1970), its length (4 bytes) and its bytes, little-endian. Read by plaintexts.ts.
 * @module
 */
import { appendFileSync } from 'node:fs';
import sodium from 'sodium-native';

const file = process.env['SOTTO_PLAINTEXTS'];
const HEAD_BYTES = 12;
const name = 'crypto_aead_chacha20poly1305_ietf_decrypt';
const open = sodium[name];

if (file !== undefined) {
  sodium[name] = (plaintext, ...rest) => {
    const result = open(plaintext, ...rest);
    const entry = Buffer.alloc(HEAD_BYTES + plaintext.length);
    entry.writeDoubleLE(Date.now(), 0);
    entry.writeUInt32LE(plaintext.length, 8);
    entry.set(plaintext, HEAD_BYTES);
    appendFileSync(file, entry);
    return result;
  };
}
