/**
 * What a hostile page tries against the daemon of this computer, in a browser that is let in:
 * every way a page has of sending something to another origin. Served by the bar to pages of
 * several origins, which call `attack`. It says what it could read or run; what the daemon answered
 * is for the bar to see.
 * @module
 */

const PATIENCE_MS = 3_000;
const CALLS = ['status.get', 'contacts.list', 'invites.create', 'pages.open', 'pages.forget'];
const PAGES = ['/', '/welcome', '/index.html', '/icon.svg', '/manifest.webmanifest', '/sw.js'];

/**
 * @param {{target: string, page: string, key: string}} given the daemon's origin, a page half that
 *   leaked, and a one-use key that is right.
 * @returns {Promise<string[]>} what got through.
 */
async function attack({ target, page, key }) {
  const through = [];
  const got = (what) => through.push(what);
  const tries = [
    ...fetches(target, page, key, got),
    ...elements(target, got),
    ...forms(target, key),
    ...frames(target, key, page, got),
    streams(target, got),
    socket(target, got),
    imported(target, got),
    beacon(target, page),
  ];
  await Promise.all(tries.map(inTime));
  return through;
}

/** With cookies, with and without the page half, readable and not. */
function fetches(target, page, key, got) {
  const post = (body, headers) => ({ method: 'POST', body, headers });
  const json = { 'content-type': 'application/json' };
  const bearer = { authorization: `Bearer ${page}` };
  const requests = [
    ...CALLS.flatMap((name) => [
      [`/api/v1/${name}`, post('{}', {})],
      [`/api/v1/${name}`, post('{}', { ...json, ...bearer })],
    ]),
    ['/api/v1/events', { method: 'GET' }],
    ['/api/v1/events', { method: 'GET', headers: bearer }],
    ['/api/v1/session', post(JSON.stringify({ key }), {})],
    ['/api/v1/session', post(JSON.stringify({ key }), json)],
    ...PAGES.map((path) => [path, { method: 'GET' }]),
  ];
  return requests.flatMap(([path, init]) =>
    ['cors', 'no-cors', 'same-origin'].flatMap((mode) =>
      ['follow', 'manual'].map(async (redirect) => {
        const options = { ...init, mode, redirect, credentials: 'include', cache: 'no-store' };
        const response = await fetch(target + path, options);
        if (response.ok) got(`fetch ${mode} ${path}: ${response.status}`);
      }),
    ),
  );
}

/** Elements that load: each that says it has loaded has got something. */
function elements(target, got) {
  const kinds = [
    ['script', 'src', {}],
    ['script', 'src', { type: 'module' }],
    ['script', 'src', { crossOrigin: 'use-credentials' }],
    ['img', 'src', {}],
    ['link', 'href', { rel: 'stylesheet' }],
    ['link', 'href', { rel: 'modulepreload' }],
    ['link', 'href', { rel: 'preload', as: 'fetch', crossOrigin: 'use-credentials' }],
    ['video', 'src', {}],
    ['embed', 'src', {}],
    ['object', 'data', {}],
  ];
  const paths = ['/api/v1/events', '/api/v1/status.get', ...PAGES];
  return kinds.flatMap(([tag, attribute, more]) =>
    paths.map(
      (path) =>
        new Promise((done) => {
          const element = Object.assign(document.createElement(tag), more);
          element.onload = () => {
            // A frame of any kind also says so where it shows that it was refused.
            if (tag !== 'embed' && tag !== 'object') got(`${tag} ${path}`);
            done();
          };
          element.onerror = done;
          element[attribute] = target + path;
          document.body.append(element);
        }),
    ),
  );
}

/** Forms need no script's leave to send across origins; each goes to a frame of its own. */
function forms(target, key) {
  const body = `{"key":"${key}","x":"`;
  const kinds = [
    ['POST', 'text/plain', '/api/v1/session', body, '"}'],
    ['POST', 'application/x-www-form-urlencoded', '/api/v1/session', 'key', key],
    ['POST', 'multipart/form-data', '/api/v1/session', 'key', key],
    ['POST', 'text/plain', '/api/v1/pages.forget', '{"x":"', '"}'],
    ['POST', 'text/plain', '/api/v1/daemon.stop', '{"x":"', '"}'],
    ['GET', 'application/x-www-form-urlencoded', '/api/v1/events', 'from', '0'],
    ['POST', 'text/plain', '/', 'a', 'b'],
  ];
  return kinds.map(([method, enctype, path, name, value], i) => {
    const frame = document.createElement('iframe');
    frame.name = `form${i}`;
    const form = Object.assign(document.createElement('form'), { method, enctype });
    form.action = target + path;
    form.target = frame.name;
    form.append(Object.assign(document.createElement('input'), { name, value, type: 'hidden' }));
    document.body.append(frame, form);
    form.submit();
    return new Promise((done) => (frame.onload = done));
  });
}

/** Frames of the app, and of a document without an origin that tries the same. */
function frames(target, key, page, got) {
  const nested = `<script>
    const post = (name, more) =>
      fetch('${target}/api/v1/' + name, { method: 'POST', credentials: 'include', ...more });
    post('status.get', { headers: { authorization: 'Bearer ${page}' }, body: '{}' })
      .then((answer) => parent.postMessage(answer.status, '*'));
    post('session', { mode: 'no-cors', body: '{"key":"${key}"}' });
  <\/script>`;
  addEventListener('message', ({ data }) => got(`a frame without an origin: ${data}`));
  const makes = [
    ...[...PAGES, '/api/v1/events'].map((path) => (frame) => (frame.src = target + path)),
    (frame) => (frame.src = `data:text/html,${encodeURIComponent(nested)}`),
    (frame) => {
      frame.sandbox = 'allow-scripts allow-forms';
      frame.srcdoc = nested;
    },
  ];
  return makes.map((make) => {
    const frame = document.createElement('iframe');
    make(frame);
    document.body.append(frame);
    return new Promise((done) => (frame.onload = done));
  });
}

function streams(target, got) {
  return new Promise((done) => {
    const source = new EventSource(`${target}/api/v1/events`, { withCredentials: true });
    source.onopen = () => got('event source');
    source.onerror = () => {
      source.close();
      done();
    };
  });
}

function socket(target, got) {
  return new Promise((done) => {
    const web = new WebSocket(`${target.replace('http', 'ws')}/api/v1/events`);
    web.onopen = () => got('web socket');
    web.onclose = done;
  });
}

async function imported(target, got) {
  for (const path of ['/sw.js', '/api/v1/events']) {
    await import(target + path).then(
      () => got(`import ${path}`),
      () => undefined,
    );
  }
}

function beacon(target, page) {
  for (const name of CALLS) navigator.sendBeacon(`${target}/api/v1/${name}`, page);
  return Promise.resolve();
}

function inTime(promise) {
  const late = new Promise((done) => setTimeout(done, PATIENCE_MS));
  return Promise.race([Promise.resolve(promise).catch(() => undefined), late]);
}

globalThis.attack = attack;
