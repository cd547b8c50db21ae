#!/usr/bin/env python3
"""Makes the outputs of link.json from its inputs, with nothing but Python's standard library.

    python3 vectors/link/make.py          compares; ends with 1 where bytes differ
    python3 vectors/link/make.py --write  writes link.json

Written from docs/spec/link.md, RFC 7748, RFC 8439, FIPS 203 and the Noise specification, and from
nothing of core/. Slow and not constant-time: for test data alone.
"""
import hashlib
import hmac
import json
import pathlib
import sys

FILE = pathlib.Path(__file__).with_name('link.json')


# --- X25519 (RFC 7748) ---

P25519 = 2**255 - 19


def x25519(scalar, point):
    k = int.from_bytes(scalar, 'little')
    k = (k & ~7 & ~(1 << 255)) | (1 << 254)
    u = int.from_bytes(point, 'little') & ((1 << 255) - 1)
    x2, z2, x3, z3, swap = 1, 0, u, 1, 0
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if swap ^ bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a, b * b, d * a, c * b
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P25519, u * (da - cb) ** 2 % P25519
        x2, z2 = aa * bb % P25519, e * (aa + 121665 * e) % P25519
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P25519 - 2, P25519) % P25519).to_bytes(32, 'little')


def public(secret):
    return x25519(secret, (9).to_bytes(32, 'little'))


# --- ChaCha20-Poly1305 (RFC 8439) ---

M32 = 2**32 - 1


def chacha_block(key, counter, nonce):
    state = list(b'expand 32-byte k'[i : i + 4] for i in range(0, 16, 4))
    state += [key[i : i + 4] for i in range(0, 32, 4)]
    state += [counter.to_bytes(4, 'little')] + [nonce[i : i + 4] for i in range(0, 12, 4)]
    start = [int.from_bytes(word, 'little') for word in state]
    s = start[:]

    def quarter(a, b, c, d):
        for one, two, to, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[one] = (s[one] + s[two]) & M32
            mixed = s[to] ^ s[one]
            s[to] = (mixed << turn | mixed >> (32 - turn)) & M32

    for _ in range(10):
        for column in range(4):
            quarter(column, column + 4, column + 8, column + 12)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return b''.join(((a + b) & M32).to_bytes(4, 'little') for a, b in zip(s, start))


def poly1305(key, message):
    r = int.from_bytes(key[:16], 'little') & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for i in range(0, len(message), 16):
        total = (total + int.from_bytes(message[i : i + 16] + b'\1', 'little')) * r % (2**130 - 5)
    return (total + int.from_bytes(key[16:], 'little')).to_bytes(17, 'little')[:16]


def aead(key, nonce, ad, plaintext):
    stream = b''
    for block in range(1, 2 + len(plaintext) // 64):
        stream += chacha_block(key, block, nonce)
    sealed = bytes(a ^ b for a, b in zip(plaintext, stream))
    padded = b''.join(part + bytes(-len(part) % 16) for part in (ad, sealed))
    lengths = len(ad).to_bytes(8, 'little') + len(sealed).to_bytes(8, 'little')
    return sealed + poly1305(chacha_block(key, 0, nonce)[:32], padded + lengths)


# --- ML-KEM-768 (FIPS 203) ---

Q, K = 3329, 3


def reverse7(n):
    return int(f'{n:07b}'[::-1], 2)


ZETAS = [pow(17, reverse7(i), Q) for i in range(128)]
GAMMAS = [pow(17, 2 * reverse7(i) + 1, Q) for i in range(128)]


def ntt(f):
    f, i, length = f[:], 1, 128
    while length >= 2:
        for start in range(0, 256, 2 * length):
            zeta, i = ZETAS[i], i + 1
            for j in range(start, start + length):
                t = zeta * f[j + length] % Q
                f[j + length], f[j] = (f[j] - t) % Q, (f[j] + t) % Q
        length //= 2
    return f


def inverse_ntt(f):
    f, i, length = f[:], 127, 2
    while length <= 128:
        for start in range(0, 256, 2 * length):
            zeta, i = ZETAS[i], i - 1
            for j in range(start, start + length):
                t = f[j]
                f[j], f[j + length] = (t + f[j + length]) % Q, zeta * (f[j + length] - t) % Q
        length *= 2
    return [x * 3303 % Q for x in f]


def multiply(f, g):
    h = []
    for i, gamma in enumerate(GAMMAS):
        a0, a1, b0, b1 = f[2 * i], f[2 * i + 1], g[2 * i], g[2 * i + 1]
        h += [(a0 * b0 + a1 * b1 * gamma) % Q, (a0 * b1 + a1 * b0) % Q]
    return h


def add(f, g):
    return [(a + b) % Q for a, b in zip(f, g)]


def dot(row, column):
    total = [0] * 256
    for f, g in zip(row, column):
        total = add(total, multiply(f, g))
    return total


def sample_ntt(seed):
    stream, out, at = hashlib.shake_128(seed).digest(2016), [], 0
    while len(out) < 256:
        c, at = stream[at : at + 3], at + 3
        for d in (c[0] + 256 * (c[1] % 16), c[1] // 16 + 16 * c[2]):
            if d < Q and len(out) < 256:
                out.append(d)
    return out


def noise_of(seed, number):
    """SamplePolyCBD with eta 2."""
    bits = int.from_bytes(hashlib.shake_256(seed + bytes([number])).digest(128), 'little')
    four = [bits >> 4 * i & 15 for i in range(256)]
    return [((n & 1) + (n >> 1 & 1) - (n >> 2 & 1) - (n >> 3)) % Q for n in four]


def pack(numbers, bits):
    whole = sum(n << bits * i for i, n in enumerate(numbers))
    return whole.to_bytes(len(numbers) * bits // 8, 'little')


def unpack(data, bits):
    whole = int.from_bytes(data, 'little')
    return [whole >> bits * i & 2**bits - 1 for i in range(len(data) * 8 // bits)]


def compress(f, bits):
    return [((n << bits) + Q // 2) // Q % 2**bits for n in f]


def matrix(rho):
    return [[sample_ntt(rho + bytes([j, i])) for j in range(K)] for i in range(K)]


def kem_key(seed):
    """The encapsulation key of a seed d | z."""
    expanded = hashlib.sha3_512(seed[:32] + bytes([K])).digest()
    rho, sigma = expanded[:32], expanded[32:]
    s = [ntt(noise_of(sigma, i)) for i in range(K)]
    e = [ntt(noise_of(sigma, K + i)) for i in range(K)]
    t = [add(dot(row, s), e[i]) for i, row in enumerate(matrix(rho))]
    return b''.join(pack(f, 12) for f in t) + rho


def encapsulate(ek, m):
    """The shared secret and the ciphertext for the coins m."""
    mixed = hashlib.sha3_512(m + hashlib.sha3_256(ek).digest()).digest()
    shared, coins = mixed[:32], mixed[32:]
    t = [unpack(ek[384 * i : 384 * i + 384], 12) for i in range(K)]
    a = matrix(ek[384 * K :])
    y = [ntt(noise_of(coins, i)) for i in range(K)]
    columns = [[a[i][j] for i in range(K)] for j in range(K)]
    u = [add(inverse_ntt(dot(columns[i], y)), noise_of(coins, K + i)) for i in range(K)]
    message = [1665 * bit for bit in unpack(m, 1)]
    v = add(add(inverse_ntt(dot(t, y)), noise_of(coins, 2 * K)), message)
    ciphertext = b''.join(pack(compress(f, 10), 10) for f in u) + pack(compress(v, 4), 4)
    return shared, ciphertext


# --- hashes and KDF (docs/spec/crypto.md) ---


def sha256(*parts):
    return hashlib.sha256(b''.join(parts)).digest()


def mac(key, *parts):
    return hmac.new(key, b''.join(parts), hashlib.sha256).digest()


def domain(label):
    return b'sotto/1 ' + label.encode() + b'\0'


def kdf(key, label, info=b'', length=32):
    secret, out, block = mac(bytes(32), key), b'', b''
    for i in range(1, 2 + length // 32):
        block = mac(secret, block, domain(label), info, bytes([i]))
        out += block
    return out[:length]


def bencode(value):
    if isinstance(value, int):
        return b'i%de' % value
    if isinstance(value, bytes):
        return b'%d:' % len(value) + value
    if isinstance(value, list):
        return b'l' + b''.join(map(bencode, value)) + b'e'
    return b'd' + b''.join(bencode(k.encode()) + bencode(value[k]) for k in sorted(value)) + b'e'


# --- Noise ---


class Cipher:
    def __init__(self, key):
        self.key, self.n = key, 0

    def seal(self, plaintext, ad=b''):
        nonce = bytes(4) + self.n.to_bytes(8, 'little')
        self.n += 1
        return aead(self.key, nonce, ad, plaintext)

    def rekey(self):
        self.key = aead(self.key, bytes(4) + b'\xff' * 8, b'', bytes(32))[:32]


class Symmetric:
    def __init__(self, name, prologue):
        self.h = name + bytes(32 - len(name)) if len(name) <= 32 else sha256(name)
        self.ck, self.cipher = self.h, None
        self.mix_hash(prologue)

    def mix_hash(self, data):
        self.h = sha256(self.h, data)

    def hkdf(self, data, count):
        secret, outputs, block = mac(self.ck, data), [], b''
        for i in range(1, count + 1):
            block = mac(secret, block, bytes([i]))
            outputs.append(block)
        return outputs

    def mix_key(self, data):
        self.ck, key = self.hkdf(data, 2)
        self.cipher = Cipher(key)

    def mix_key_and_hash(self, data):
        self.ck, middle, key = self.hkdf(data, 3)
        self.mix_hash(middle)
        self.cipher = Cipher(key)

    def seal(self, plaintext):
        sealed = self.cipher.seal(plaintext, self.h)
        self.mix_hash(sealed)
        return sealed


def noise_ik(prologue, static, ephemeral, remote_static, remote_ephemeral, payloads):
    """Both messages, Split's three outputs and the transcript hash."""
    s = Symmetric(b'Noise_IK_25519_ChaChaPoly_SHA256', prologue)
    s.mix_hash(public(remote_static))
    e, re = public(ephemeral), public(remote_ephemeral)
    s.mix_hash(e)
    s.mix_key(x25519(ephemeral, public(remote_static)))
    one = e + s.seal(public(static))
    s.mix_key(x25519(static, public(remote_static)))
    one += s.seal(payloads[0])
    s.mix_hash(re)
    s.mix_key(x25519(ephemeral, re))
    s.mix_key(x25519(static, re))
    two = re + s.seal(payloads[1])
    return one, two, s.hkdf(b'', 3), s.h


def noise_nn_psk0(prologue, psk, ephemeral, remote_ephemeral, payloads):
    s = Symmetric(b'Noise_NNpsk0_25519_ChaChaPoly_SHA256', prologue)
    e, re = public(ephemeral), public(remote_ephemeral)
    s.mix_key_and_hash(psk)
    s.mix_hash(e)
    s.mix_key(e)
    one = e + s.seal(payloads[0])
    s.mix_hash(re)
    s.mix_key(re)
    s.mix_key(x25519(ephemeral, re))
    return one, re + s.seal(payloads[1])


# --- links (docs/spec/link.md) ---

REQUEST, REPLY = b'\1', b'\2'
START, DATA, ACK, PING, REKEY = 1, 2, 4, 5, 8
WINDOW = 2**20


def flight(secret, context, opening, noise, padding):
    clear = len(noise).to_bytes(2, 'big') + padding.to_bytes(2, 'big') + noise + bytes(padding)
    mask = kdf(secret, 'gate mask', context + opening, len(clear))
    masked = bytes(a ^ b for a, b in zip(clear, mask))
    return opening + mac(kdf(secret, 'gate mac'), context, opening, masked)[:16] + masked


def frame(kind, content=b'', number=0, ack=0, limit=0):
    head = bytes([kind]) + b''.join(n.to_bytes(6, 'big') for n in (number, ack, limit))
    whole = head + len(content).to_bytes(2, 'big') + content
    size = 64
    while size < len(whole):
        size *= 2
    return whole + bytes(size - len(whole))


def record(cipher, written):
    return cipher.seal(len(written).to_bytes(2, 'big')) + cipher.seal(written)


def compute(given):
    prologue = sha256(domain('version list'), bencode([1, 2])) + b'\1\2'
    prologue += given['responder identity'] + given['responder device']
    hellos = [
        {'f': 5, 'i': given['initiator instance'], 'p': given['payload'], 's': 7, 'v': [1, 2]},
        {'f': 6, 'i': given['responder instance'], 's': 8, 'v': 2},
    ]
    ephemerals = given['initiator ephemeral'], given['responder ephemeral']
    one, two, (forth, back, x), h = noise_ik(
        prologue,
        given['initiator static'],
        ephemerals[0],
        given['responder static'],
        ephemerals[1],
        [bencode(hello) for hello in hellos],
    )
    gate, opening = given['gate'], given['opening']
    first = flight(gate, REQUEST, opening, one, 11)
    reply = flight(gate, REPLY + opening, given['reply opening'], two, 3)
    ek = kem_key(given['initiator kem seed'])
    shared, ct = encapsulate(ek, given['responder kem coins'])
    transcript = h + sha256(ek) + sha256(ct)
    y, key_forth, key_back = (kdf(x + shared, 'pq', transcript + bytes([n])) for n in range(3))
    root = kdf(y, 'path attach', b'\0' + h)
    psk, secret = kdf(root, 'path attach', b'\1'), kdf(root, 'path attach', b'\2')
    attach_id = kdf(root, 'path attach', b'\3' + (2).to_bytes(4, 'big'), 512)[:32]
    expects = [(258).to_bytes(6, 'big') + (9).to_bytes(4, 'big')]
    expects += [(3).to_bytes(6, 'big') + (10).to_bytes(4, 'big')]
    attach = noise_nn_psk0(b'\2' + h, psk, *ephemerals, expects)
    ours = record(Cipher(forth), frame(START, ek))
    theirs = record(Cipher(back), frame(START, ct))
    theirs += record(Cipher(key_back), frame(ACK, ack=1, limit=WINDOW))
    sending = Cipher(key_forth)
    ours += record(sending, frame(DATA, b'hi', ack=3, limit=WINDOW))
    ours += record(sending, frame(ACK, ack=3, limit=WINDOW))
    ours += record(sending, frame(REKEY))
    sending.rekey()
    ours += record(sending, frame(PING, bytes(range(1, 9)), ack=3, limit=WINDOW))
    return {
        'noise message 1': one,
        'first flight': first,
        'noise message 2': two,
        'reply flight': reply,
        'encapsulation key': ek,
        'ciphertext': ct,
        'exporter': kdf(y, 'link exporter', h),
        'attach id of block 2': attach_id,
        'attach flight': flight(secret, REQUEST, attach_id, attach[0], 0),
        'attach noise message 2': attach[1],
        'records of the initiator': ours,
        'records of the responder': theirs,
    }


def main():
    kept = json.loads(FILE.read_text())
    given = {name: bytes.fromhex(text) for name, text in kept['inputs'].items()}
    made = {name: data.hex() for name, data in compute(given).items()}
    if '--write' in sys.argv[1:]:
        FILE.write_text(json.dumps({**kept, 'outputs': made}, indent=2) + '\n')
        return 0
    before = kept['outputs']
    wrong = [name for name in {**made, **before} if made.get(name) != before.get(name)]
    print('link.json: ' + (f'other bytes in {", ".join(wrong)}' if wrong else 'the same bytes'))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
