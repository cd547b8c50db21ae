/** Types for the part of hyperdht that we measure ourselves against; the package ships none. */
declare module 'hyperdht' {
  import type { EventEmitter } from 'node:events';
  import type { Duplex } from 'node:stream';

  interface KeyPair {
    readonly publicKey: Buffer;
    readonly secretKey: Buffer;
  }

  class Server extends EventEmitter {
    /** Resolves when the key has been announced. */
    listen(keys: KeyPair): Promise<this>;
    close(): Promise<void>;
  }

  export default class HyperDHT {
    constructor(options: {
      readonly host: string;
      readonly port: number;
      readonly ephemeral: boolean;
      readonly firewalled: boolean;
      readonly bootstrap: readonly { host: string; port: number }[];
    });
    static keyPair(seed?: Buffer): KeyPair;
    fullyBootstrapped(): Promise<void>;
    createServer(onConnection: (stream: Duplex) => void): Server;
    /** Emits `open` once it is authenticated. */
    connect(
      key: Buffer,
      options?: { relayAddresses: readonly { host: string; port: number }[] },
    ): Duplex;
  }
}
