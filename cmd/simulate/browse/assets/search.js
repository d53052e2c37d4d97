import { byId, element, plural, request } from './dom.js';

// The search for violations in the background: a button, how far it is, what it found.

const often = 300; // milliseconds between looks at how far it is

let timer = 0;

function outcome(o) {
  const steps = plural(o.steps, 'step');
  return element('li', { class: `outcome ${o.verdict}` },
    element('span', { class: 'badge' }, o.verdict), element('strong', {}, o.name), ` ${o.kind}`,
    o.path && element('a', { href: `#/${o.path}`, class: 'button' },
      o.verdict === 'fail' ? `Counterexample, ${steps}` : `Example, ${steps}`),
    o.detail && element('pre', {}, o.detail));
}

const worstFirst = (a, b) => (b.verdict === 'fail') - (a.verdict === 'fail');

// bounds are what may have ended a search.
const bounds = { states: 'the bound on states', memory: 'the bound on memory', depth: 'the bound on depth', interrupted: 'you' };

function counts(s) {
  return `${plural(s.unique, 'state')}, ${s.generated.toLocaleString('en')} generated, depth ${s.depth}` +
    (s.running ? `, ${s.queue.toLocaleString('en')} in the queue` : '');
}

function show(s, bound) {
  const button = element('button', { type: 'button', id: 'run' },
    s.running ? 'End the search' : s.ended ? 'Search again' : 'Run search');
  button.addEventListener('click', () => ask(s.running ? 'DELETE' : 'POST', bound));
  const what = bound ? `At most ${plural(bound, 'state')}, from the initial ones.` : 'All states, from the initial ones.';
  const limit = s.limit && element('p', { class: 'limit' }, `Not all states were visited: ${bounds[s.limit] || s.limit} ended the search.`);
  const hadFocus = document.activeElement?.id === 'run';
  byId('search').replaceChildren(...[element('p', {}, button, ' ', s.running || s.ended ? counts(s) : what),
    s.running && element('progress', { 'aria-label': 'The search runs' }), s.error && element('pre', { class: 'panic' }, s.error),
    limit, element('ul', {}, [...s.outcomes].sort(worstFirst).map(outcome))].filter(Boolean));
  if (hadFocus) button.focus();
}

async function ask(method, bound) {
  clearTimeout(timer);
  try {
    const s = await request('api/search', method);
    show(s, bound);
    if (s.running) timer = setTimeout(() => ask('GET', bound), often);
  } catch (e) {
    byId('search').replaceChildren(element('pre', { class: 'panic' }, e.message));
  }
}

// startSearch shows what is known of the search. bound is how many states it may visit.
export const startSearch = (bound) => ask('GET', bound);
