/**
 * QR codes read from images and from a camera's picture, on this computer: the reader is loaded
 * when it is first needed, and nothing leaves the page.
 *
 *   file, drop, paste --readImage--\
 *                                   readPixels --> text, or undefined
 *   video -----------readVideo-----/
 *
 * @module
 */
type Reader = (pixels: Uint8ClampedArray, width: number, height: number) => string | undefined;

/** A photo or a screenshot; what is larger is no QR code. */
const IMAGE_BYTES_MAX = 32 * 1024 * 1024;
/** Longest edges in which an image is looked at: small finds blurred codes, large fine ones. */
const IMAGE_EDGES_PX = [900, 1_800] as const;
const VIDEO_EDGE_PX = 720;

let reader: Promise<Reader> | undefined;

/** Loads the reader, once. */
function loadReader(): Promise<Reader> {
  reader ??= import('jsqr').then(({ default: read }) => (pixels, width, height) => {
    const found = read(pixels, width, height, { inversionAttempts: 'attemptBoth' });
    return found === null || found.data === '' ? undefined : found.data;
  });
  return reader;
}

/** The first image among what was dropped, pasted or chosen. */
export function imageAmong(data: DataTransfer | null): File | undefined {
  return [...(data?.files ?? [])].find((file) => file.type.startsWith('image/'));
}

/** The text of the QR code in an image; undefined where there is none, or no image. */
export async function readImage(file: Blob): Promise<string | undefined> {
  if (file.size > IMAGE_BYTES_MAX) return undefined;
  const read = await loadReader();
  const image = await createImageBitmap(file).catch(() => undefined);
  if (image === undefined) return undefined;
  try {
    for (const edge of IMAGE_EDGES_PX) {
      const text = readSource(read, image, image.width, image.height, edge);
      if (text !== undefined) return text;
      if (Math.max(image.width, image.height) <= edge) return undefined;
    }
    return undefined;
  } finally {
    image.close();
  }
}

/** The text of the QR code that a camera sees now. */
export async function readVideo(video: HTMLVideoElement): Promise<string | undefined> {
  const read = await loadReader();
  const { videoWidth, videoHeight } = video;
  if (videoWidth === 0) return undefined;
  return readSource(read, video, videoWidth, videoHeight, VIDEO_EDGE_PX);
}

function readSource(
  read: Reader,
  source: CanvasImageSource,
  width: number,
  height: number,
  edge: number,
): string | undefined {
  const scale = Math.min(1, edge / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) return undefined;
  // Screenshots of a page with a clear background have no white around the code.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return read(data, canvas.width, canvas.height);
}
