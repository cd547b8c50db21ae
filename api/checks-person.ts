/**
 * Checks of the network doctor on the way to one person, step by step: findings and their words, as
 * in checks.ts.
 * @module
 */
import type { Checks } from './checks.ts';

export const PERSON_CHECKS = {
  found: {
    title: 'Found',
    findings: {
      here: { state: 'ok', sentence: 'It is known where {name} is.' },
      blocked: {
        state: 'warn',
        sentence: 'You have blocked {name}: nothing goes out and nothing comes in.',
        hint: 'Unblock: sotto contacts block --undo {name}',
      },
      conflict: {
        state: 'warn',
        sentence:
          'The rules that you and {name} chose for this chat have no way in common, ' +
          'so nothing can be sent.',
        hint: 'See both: sotto route show {name}',
      },
      'no-relay': { state: 'warn', error: 'no-hidden-route' },
      'not-here': { state: 'warn', error: 'not-on-network' },
      'not-here-theirs': { state: 'warn', error: 'not-on-network-theirs' },
      'invite-expired': {
        state: 'warn',
        sentence: 'You and {name} have not met, and the invite has expired.',
        hint: 'They make a new one: sotto invite new',
      },
      'not-met': {
        state: 'warn',
        sentence:
          'You and {name} have not met yet, and nothing of them was found. ' +
          'Their app does not run, or it is offline.',
        hint: 'It keeps looking. Ask them to start the app.',
      },
      looking: { state: 'skipped', sentence: '{name} is being looked for.', hint: 'Look again.' },
      'not-looked': {
        state: 'warn',
        sentence: '{name} could not be looked for so far.',
        hint: 'See what Finding people says above.',
      },
      'no-record': {
        state: 'warn',
        sentence: 'No trace of {name} was found {ago}. Their app does not run, or it is offline.',
        hint: 'It keeps looking, most often while a message waits.',
      },
    },
  },
  answers: {
    title: 'Answers',
    findings: {
      linked: { state: 'ok', sentence: '{name} is linked now.' },
      dialling: { state: 'skipped', sentence: '{name} is being called.', hint: 'Look again.' },
      'no-answer': {
        state: 'warn',
        sentence:
          'Nothing answered at the last address of {name}, {failures} times in a row. ' +
          'Their app does not run, or a router between you blocks direct links.',
        hint: 'It keeps trying. Ask them to run: sotto doctor',
      },
      'no-route': {
        state: 'warn',
        sentence: '{name} is online, but has no address that this computer can call.',
        hint: 'It keeps trying. Ask them to run: sotto doctor',
      },
      'other-version': {
        state: 'warn',
        sentence: 'The app of {name} speaks another version.',
        hint: 'Update both apps.',
      },
      busy: {
        state: 'warn',
        sentence: 'Too many calls are under way to try {name} now.',
        hint: 'It tries again by itself.',
      },
    },
  },
  route: {
    title: 'Route',
    findings: {
      lan: { state: 'ok', sentence: 'Directly: you and {name} are on the same network.' },
      direct: { state: 'ok', sentence: 'Directly, over the internet.' },
      punched: {
        state: 'ok',
        sentence: 'Directly, through openings that the routers of both of you made.',
      },
      local: { state: 'ok', sentence: 'On this computer.' },
      'relay-ours-hidden': {
        state: 'ok',
        sentence: 'Through a relay, because you chose Hidden IP for this chat.',
      },
      'relay-theirs-hidden': {
        state: 'ok',
        sentence: 'Through a relay, because {name} chose Hidden IP for this chat.',
      },
      'relay-ours-without-udp': {
        state: 'ok',
        sentence:
          'Through a relay, because direct links need UDP, and by the settings none leaves ' +
          'this computer.',
      },
      'relay-theirs-without-udp': {
        state: 'ok',
        sentence: 'Through a relay, because direct links need UDP, and {name} has none.',
      },
      'relay-both-varied': {
        state: 'ok',
        sentence: 'Through a relay, because both routers block direct links.',
      },
      'relay-ours-varied': {
        state: 'ok',
        sentence: 'Through a relay, because your router makes direct links harder.',
      },
      'relay-theirs-varied': {
        state: 'ok',
        sentence: 'Through a relay, because the router of {name} makes direct links harder.',
      },
      'relay-unknown': {
        state: 'ok',
        sentence: 'Through a relay, because no direct link was found. Why is not known.',
      },
    },
  },
  waiting: {
    title: 'Waiting',
    findings: {
      nothing: { state: 'ok', sentence: 'No message waits for {name}.' },
      some: {
        state: 'warn',
        sentence: '{waiting} messages wait for {name} on this device. They go out by themselves.',
        hint: 'Keep the app running.',
      },
    },
  },
} as const satisfies Checks;
