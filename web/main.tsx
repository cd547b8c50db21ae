/**
 * Entry of the browser app: session, text, model, then the screen.
 *
 *   fragment #k=... --session.ts--> cookie and page key --> Model.run() --> <App>
 *
 * @module
 */
import '@fontsource-variable/atkinson-hyperlegible-next/index.css';
import '@fontsource-variable/atkinson-hyperlegible-mono/index.css';
import './style/tokens.css';
import './style/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { tellActivity } from './model/activity.ts';
import { ModelProvider } from './model/context.ts';
import { Model } from './model/model.ts';
import { beginSession, makeClient, takeOpening } from './model/session.ts';
import { registerWorker } from './model/worker.ts';
import { followAppearance } from './style/appearance.ts';
import { loadText, TextProvider, type Language } from './text/text.ts';
import { TipProvider } from './parts/tip.tsx';

async function start(): Promise<void> {
  const opening = takeOpening();
  const [text] = await Promise.all([
    loadText(languageOf()),
    // A used-up key is no reason to stop: this browser may have been let in before.
    opening.key === undefined ? undefined : beginSession(opening.key).catch(() => false),
  ]);
  const model = new Model(makeClient());
  followAppearance(model);
  tellActivity(model);
  registerWorker(model);
  void model.run(new AbortController().signal);
  createRoot(document.getElementById('app')!).render(
    <StrictMode>
      <TextProvider value={text}>
        <ModelProvider value={model}>
          <TipProvider delayDuration={500}>
            <App opened={opening.invite} />
          </TipProvider>
        </ModelProvider>
      </TextProvider>
    </StrictMode>,
  );
}

/** The pseudo-locales are chosen in storage, by tests. */
function languageOf(): Language {
  const chosen = localStorage.getItem('sotto.language');
  return chosen === 'pseudo' || chosen === 'pseudo-rtl' ? chosen : 'en';
}

void start();
