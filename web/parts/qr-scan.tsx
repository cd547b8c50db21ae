/**
 * QR scan: a code by camera, by an image file, by dropping or by pasting one. A camera is never
 * needed, and none is asked for before a person wants it.
 *
 *   idle --camera--> starting --> seeing --code--> onText, idle
 *     \--image--> looking --code--> onText           \--stop, gone--> idle
 *                     \--none--> "no code"
 *
 * @module
 */
import { Camera, ImageUp } from 'lucide-react';
import { useEffect, useRef, useState, type DragEvent } from 'react';
import { useText, type TextKey } from '../text/text.ts';
import { Button } from './button.tsx';
import { imageAmong, readImage } from './qr-read.ts';
import style from './qr-scan.module.css';
import { useCamera } from './use-camera.ts';

export function QrScan({
  onText,
}: {
  /** What a code said, as it stands in it: untrusted. */
  readonly onText: (text: string) => void;
}) {
  const t = useText();
  const input = useRef<HTMLInputElement>(null);
  const { looking, missed, look } = useImages(onText);
  const [over, setOver] = useState(false);
  const camera = useCamera(onText);
  const said = whatIsSo(looking, missed, camera.state);
  return (
    <div
      className={style['scan']}
      data-over={over}
      {...dropOf(setOver, look)}
      role="group"
      aria-label={t('qr.scan')}
    >
      {camera.state === 'starting' || camera.state === 'seeing' ? (
        <figure className={style['seen']}>
          <video ref={camera.video} className={style['video']} muted playsInline />
          <Button onClick={camera.stop}>{t('qr.camera.stop')}</Button>
        </figure>
      ) : (
        <div className={style['ways']}>
          <Button onClick={camera.start}>
            <Camera aria-hidden="true" />
            {t('qr.camera')}
          </Button>
          <Button onClick={() => input.current?.click()}>
            <ImageUp aria-hidden="true" />
            {t('qr.image')}
          </Button>
          <p className={style['hint']}>{t('qr.drop')}</p>
        </div>
      )}
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        aria-label={t('qr.image')}
        onChange={(event) => {
          look(event.target.files?.[0]);
          // The same file can be chosen again.
          event.target.value = '';
        }}
      />
      <p role="status" className={style['said']}>
        {said && t(said)}
      </p>
    </div>
  );
}

function whatIsSo(
  looking: boolean,
  missed: boolean,
  camera: ReturnType<typeof useCamera>['state'],
): TextKey | undefined {
  if (looking) return 'qr.looking';
  if (missed) return 'qr.none';
  switch (camera) {
    case 'starting':
      return 'qr.camera.starting';
    case 'seeing':
      return 'qr.camera.seeing';
    case 'refused':
      return 'qr.camera.refused';
    case 'absent':
      return 'qr.camera.absent';
    default:
      return undefined;
  }
}

/** Images that are chosen, dropped here, or pasted anywhere on the page while this stands. */
function useImages(onText: (text: string) => void) {
  const [looking, setLooking] = useState(false);
  const [missed, setMissed] = useState(false);
  const look = (file: File | undefined): void => {
    if (file === undefined) return;
    setLooking(true);
    setMissed(false);
    void readImage(file)
      .catch(() => undefined)
      .then((text) => {
        setLooking(false);
        if (text === undefined) setMissed(true);
        else onText(text);
      });
  };
  const latest = useRef(look);
  useEffect(() => {
    latest.current = look;
  });
  useEffect(() => {
    const pasted = (event: ClipboardEvent): void => {
      const image = imageAmong(event.clipboardData);
      if (image === undefined) return;
      event.preventDefault();
      latest.current(image);
    };
    document.addEventListener('paste', pasted);
    return () => document.removeEventListener('paste', pasted);
  }, []);
  return { looking, missed, look };
}

function dropOf(setOver: (over: boolean) => void, look: (file: File | undefined) => void) {
  return {
    onDragOver: (event: DragEvent) => {
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      look(imageAmong(event.dataTransfer) ?? event.dataTransfer.files[0]);
    },
  };
}
