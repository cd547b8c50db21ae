/** Types for the part of udx-native that the daemon uses; the package ships none. */
declare module 'udx-native' {
  import type { EventEmitter } from 'node:events';

  interface From {
    readonly host: string;
    readonly family: number;
    readonly port: number;
  }

  class UdxSocket extends EventEmitter {
    readonly closing: boolean;
    address(): From | null;
    /** Throws an errno error such as EADDRINUSE. */
    bind(port: number, host: string): void;
    /** Resolves when the kernel has taken the datagram, or refused it. */
    send(bytes: Uint8Array, port: number, host: string): Promise<boolean>;
    setRecvBufferSize(bytes: number): void;
    /** Waits for its streams to end. */
    close(): Promise<void>;
    on(event: 'message', listener: (bytes: Buffer, from: From) => void): this;
  }

  /** A streamx Duplex. */
  class UdxStream extends EventEmitter {
    readonly id: number;
    readonly rtt: number;
    connect(socket: UdxSocket, remoteId: number, port: number, host: string): void;
    /** False where `drain` will follow. */
    write(bytes: Uint8Array): boolean;
    end(): void;
    destroy(): void;
    on(event: 'data', listener: (bytes: Buffer) => void): this;
    on(event: 'end' | 'close' | 'drain', listener: () => void): this;
    on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): this;
  }

  class UDX {
    createSocket(options?: { ipv6Only?: boolean; reuseAddress?: boolean }): UdxSocket;
    /** Takes any 32-bit id, also one in use: the caller keeps them apart. */
    createStream(id: number): UdxStream;
  }
  namespace UDX {
    export type { UdxSocket, UdxStream };
  }
  export = UDX;
}
