/**
 * A camera that looks for a QR code. It is on only while its picture is shown, and off the moment
 * a code was seen, the part that asked for it is gone, or the page is hidden.
 * @module
 */
import { useEffect, useRef, useState, type RefObject } from 'react';
import { readVideo } from './qr-read.ts';

export type CameraState = 'off' | 'starting' | 'seeing' | 'refused' | 'absent';

/** Between two looks: a person who holds a code still waits for no more than two of them. */
const LOOK_EVERY_MS = 200;

export interface CameraUse {
  readonly state: CameraState;
  readonly video: RefObject<HTMLVideoElement | null>;
  readonly start: () => void;
  readonly stop: () => void;
}

export function useCamera(onText: (text: string) => void): CameraUse {
  const [state, setState] = useState<CameraState>('off');
  const video = useRef<HTMLVideoElement>(null);
  const heard = useRef(onText);
  useEffect(() => {
    heard.current = onText;
  });
  const on = state === 'starting' || state === 'seeing';
  useEffect(() => {
    if (!on) return;
    const ended = new AbortController();
    const end = (next: CameraState): void => {
      if (!ended.signal.aborted) setState(next);
    };
    const hidden = (): void => {
      if (document.hidden) end('off');
    };
    document.addEventListener('visibilitychange', hidden, { signal: ended.signal });
    void follow(video, ended.signal, () => end('seeing')).then(
      (text) => {
        if (text === undefined || ended.signal.aborted) return;
        end('off');
        heard.current(text);
      },
      (error: unknown) => end(reasonOf(error)),
    );
    return () => ended.abort();
  }, [on]);
  return { state, video, start: () => setState('starting'), stop: () => setState('off') };
}

/** @returns what the first code says; undefined where it was ended before. */
async function follow(
  video: RefObject<HTMLVideoElement | null>,
  ended: AbortSignal,
  onSeeing: () => void,
): Promise<string | undefined> {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: 'environment' },
  });
  try {
    const shown = video.current;
    if (ended.aborted || shown === null) return undefined;
    shown.srcObject = stream;
    await shown.play();
    onSeeing();
    while (!ended.aborted) {
      const text = await readVideo(shown);
      if (text !== undefined) return text;
      await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
    }
    return undefined;
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}

function reasonOf(error: unknown): CameraState {
  const name = error instanceof DOMException ? error.name : '';
  return name === 'NotAllowedError' || name === 'SecurityError' ? 'refused' : 'absent';
}
