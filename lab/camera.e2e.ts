/**
 * An invite read from a QR code, as people hand it over: held in front of the camera (a video file
 * stands for it, as Chromium can), or as a picture of the other screen. Without the right to the
 * camera the page says how to give it.
 * @module
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { encode } from 'uqr';
import { EN } from '../web/text/en/index.ts';
import { openBrowser, type AppPage, type LabBrowser } from './app/browser.ts';
import { LocalDaemon } from './bars/a7-daemon.ts';
import { ROOT } from './bars/bar.ts';

const QUIET = ['dht.enabled=false', 'net.bind=127.0.0.1', 'echo.enabled=false'];
const [WIDTH, HEIGHT, FRAMES] = [640, 480, 10];
const BLACK = 16;
const WHITE = 235;
const NO_COLOUR = 128;

const folder = mkdtempSync(join(tmpdir(), 'sotto-camera-'));
const ana = new LocalDaemon(folder, 'Ana', QUIET);
const bo = new LocalDaemon(folder, 'Bo', QUIET);
let browser: LabBrowser;

before(async () => {
  execFileSync(process.execPath, [join(ROOT, 'tools', 'build.mjs')], { stdio: 'ignore' });
  await Promise.all([ana.start(), bo.start()]);
  await ana.call('config.set', { key: 'app.welcomed', value: 'true' });
  await bo.call('config.set', { key: 'app.welcomed', value: 'true' });
  const { link } = await bo.call('invites.create', { reusable: true });
  const film = join(folder, 'held-still.y4m');
  writeFileSync(film, filmOf(link!));
  browser = await openBrowser(undefined, folder, [
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${film}`,
  ]);
});

after(async () => {
  await browser.close();
  await Promise.all([ana.stop(), bo.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

/** A video in YUV4MPEG2, 4:2:0: one QR code in the middle, black on white. */
function filmOf(text: string): Buffer {
  const { data, size } = encode(text, { ecc: 'L', border: 4 });
  const scale = Math.floor(HEIGHT / size);
  const [left, top] = [WIDTH, HEIGHT].map((edge) => Math.floor((edge - size * scale) / 2));
  const luma = Buffer.alloc(WIDTH * HEIGHT, WHITE);
  for (let y = 0; y < size * scale; y++) {
    for (let x = 0; x < size * scale; x++) {
      const isDark = data[Math.floor(y / scale)]![Math.floor(x / scale)]!;
      if (isDark) luma[(y + top!) * WIDTH + x + left!] = BLACK;
    }
  }
  const frame = [Buffer.from('FRAME\n'), luma, Buffer.alloc((WIDTH * HEIGHT) / 2, NO_COLOUR)];
  const head = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420\n`);
  return Buffer.concat([head, ...Array.from({ length: FRAMES }, () => frame).flat()]);
}

async function adding(person: LocalDaemon, mayFilm: boolean): Promise<AppPage> {
  const { url } = await person.call('pages.open', {});
  const app = await browser.app(url.replace('/#', '/add#'));
  if (mayFilm) {
    await app.context.grantPermissions(['camera'], { origin: new URL(url).origin });
  }
  await app.page.getByRole('heading', { name: EN['add.title'] }).waitFor();
  return app;
}

async function found({ page }: AppPage, words: string | RegExp): Promise<void> {
  await page.getByText(words).waitFor();
  await page.getByRole('button', { name: EN['add.add'], exact: true }).waitFor();
}

test('a code before the camera is read, and the camera goes off', async () => {
  const app = await adding(ana, true);
  await app.page.getByRole('button', { name: EN['qr.camera'] }).click();
  await found(app, EN['add.found.invite.nameless']);
  assert.equal(await app.page.locator('video').count(), 0);
  assert.deepEqual(await app.violations(), []);
  assert.deepEqual(app.problems, []);
  await app.close();
});

test('a picture of the code on the other screen is read', async () => {
  const other = await adding(bo, false);
  await other.page.getByRole('button', { name: EN['invite.show'] }).first().click();
  const code = other.page.getByRole('img', { name: EN['invite.qr'] });
  const picture = await code.screenshot();
  await other.close();
  const app = await adding(ana, false);
  const file = { name: 'screen.png', mimeType: 'image/png', buffer: picture };
  await app.page.getByLabel(EN['qr.image']).last().setInputFiles(file);
  // A link that is made in the app says from whom it comes.
  await found(app, /Found: .?Bo.?, invite link/u);
  const blank = { ...file, buffer: await app.page.getByRole('heading').first().screenshot() };
  await app.page.getByLabel(EN['qr.image']).last().setInputFiles(blank);
  await app.page.getByText(EN['qr.none']).waitFor();
  assert.deepEqual(app.problems, []);
  await app.close();
});

test('where the camera is refused the page says how to allow it', async () => {
  const app = await adding(ana, false);
  await app.page.getByRole('button', { name: EN['qr.camera'] }).click();
  await app.page.getByText(EN['qr.camera.refused']).waitFor();
  assert.deepEqual(await app.violations(), []);
  await app.close();
});
