/**
 * What happens to jobs, as it happens: one connection for the whole tab, whoever listens.
 *
 * Changes are handed out once per frame of the screen, of each job only the newest: a thousand changes a second cost a page no more than
 * sixty. There is no connection while nobody listens, while somebody has paused it, and while the tab is hidden; what went by meanwhile is
 * not handed out, so listeners of `onBack` load anew.
 */

/** @typedef {import('bide/client').JobBody} JobBody */
/** @typedef {{ job: JobBody, kind: string }} Change */
/** @typedef {'first' | 'on' | 'paused' | 'off'} LiveState */

/**
 * @typedef {{
 *   subscribe: (listener: (change: Change) => void) => () => void,
 *   onBack: (listener: () => void) => () => void,
 *   watchState: (listener: (state: LiveState) => void) => () => void,
 *   state: () => LiveState,
 *   pause: () => void,
 *   resume: () => void,
 *   close: () => void,
 * }} Live
 */

const LEAVE_MS = 1_000;
const AGAIN_MS = 1_000;
const AGAIN_MS_MAX = 10_000;

/**
 * @param {Pick<import('./api.js').Client, 'feed' | 'feedPage'>} api
 * @returns {Live}
 */
export function createLive(api) {
  /** @type {Set<(change: Change) => void>} */
  const listeners = new Set();
  /** @type {Set<() => void>} */
  const backs = new Set();
  /** @type {Set<(state: LiveState) => void>} */
  const watchers = new Set();
  /** @type {LiveState} */
  let state = 'first';
  let isPaused = false;
  let isClosed = false;
  // Whoever loaded before there was a connection may have missed what happened in between.
  let hasMissed = true;
  /** @type {AbortController | null} */
  let running = null;
  const hand = inFrames((change) => {
    for (const listener of listeners) listener(change);
  });

  /** @param {LiveState} next */
  const become = (next) => {
    if (state === next) return;
    state = next;
    for (const watcher of watchers) watcher(state);
  };

  /** Starts or ends the connection, whichever is due. */
  const settle = () => {
    const isWanted = listeners.size > 0 && !isPaused && !isClosed && !document.hidden;
    if (isWanted && running === null) {
      running = new AbortController();
      void follow(running.signal);
    } else if (!isWanted && running !== null) {
      hasMissed = true;
      running.abort();
      running = null;
    }
    become(isPaused ? 'paused' : state === 'paused' ? 'first' : state);
  };

  /** @param {AbortSignal} signal */
  const follow = async (signal) => {
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const { next } = await api.feedPage({ signal });
        failures = 0;
        if (signal.aborted) return;
        become('on');
        if (hasMissed) for (const back of backs) back();
        hasMissed = false;
        for await (const change of api.feed({ after: next, signal })) {
          if ('job' in change) hand({ job: change.job, kind: change.kind });
          else for (const back of backs) back();
        }
      } catch {
        if (signal.aborted) return;
        become('off');
      }
      hasMissed = true;
      await later(Math.min(AGAIN_MS * 2 ** failures, AGAIN_MS_MAX), signal);
    }
  };

  document.addEventListener('visibilitychange', settle);
  return {
    subscribe(listener) {
      listeners.add(listener);
      settle();
      return () => {
        listeners.delete(listener);
        // From page to page the connection stays.
        setTimeout(settle, LEAVE_MS);
      };
    },
    onBack(listener) {
      backs.add(listener);
      return () => void backs.delete(listener);
    },
    watchState(listener) {
      watchers.add(listener);
      return () => void watchers.delete(listener);
    },
    state: () => state,
    pause() {
      isPaused = true;
      settle();
    },
    resume() {
      isPaused = false;
      settle();
    },
    close() {
      isClosed = true;
      document.removeEventListener('visibilitychange', settle);
      settle();
    },
  };
}

/** Of each job the newest change, once per frame. @param {(change: Change) => void} give */
function inFrames(give) {
  /** @type {Map<string, Change>} */
  const waiting = new Map();
  const flush = () => {
    const changes = [...waiting.values()];
    waiting.clear();
    for (const change of changes) give(change);
  };
  return (/** @type {Change} */ change) => {
    if (waiting.size === 0) requestAnimationFrame(flush);
    waiting.set(change.job.id, change);
  };
}

/** Resolves after `ms`, or when the signal fires. @param {number} ms @param {AbortSignal} signal @returns {Promise<void>} */
function later(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
