/**
 * The only two globals core uses beyond ECMAScript: pure text codecs, present in every runtime.
 * Core compiles without Node's and the DOM's types, so that a timer, a socket or a clock cannot
 * slip in unseen.
 */
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes: Uint8Array): string;
}
