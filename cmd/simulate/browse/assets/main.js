import { byId, element, plural, request } from './dom.js';
import { applyFilter, chosen, selectFocused, selectNext, showNext } from './next.js';
import { startSearch } from './search.js';
import { drawSequence } from './sequence.js';
import { showClaims, showState } from './state.js';

// The address behind # is the path of fingerprints to the state that is shown, so that
// bookmarks and the browser's own back and forward work.

let model = { name: '', nodes: [] };
let asked = 0; // requests for states so far; of several answers the last one asked for counts

const here = () => location.hash.replace(/^#?\/?/, '').split('/').filter(Boolean);
const address = (path) => `#${path.map((fp) => `/${fp}`).join('')}`;

function complain(message) {
  const box = byId('problem');
  box.hidden = !message;
  box.replaceChildren();
  if (message) box.append(element('p', {}, message), element('a', { href: '#/', class: 'button' }, 'Go to the initial state'));
}

function show(state) {
  const path = state.path.map((s) => s.fingerprint);
  const steps = Math.max(path.length - 1, 0);
  byId('path-count').textContent = plural(steps, 'step');
  byId('fingerprint').textContent = path.at(-1) || '';
  drawSequence(byId('sequence'), state, model.nodes, address);
  showState(byId('state'), state.scene);
  showClaims(byId('claims'), state.scene);
  showNext(state.next, model.nodes, address(path));
  byId('back').href = path.length > 1 ? address(path.slice(0, -1)) : '#/';
  byId('back').toggleAttribute('aria-disabled', path.length < 2);
  const broken = (state.scene?.claims || []).filter((c) => c.status === 'violated').map((c) => c.name);
  const last = steps === 0 ? 'Initial state' : state.path.at(-1)?.line;
  byId('status').textContent = state.scene
    ? `${last}. ${plural(state.next.length, 'next step')}.${broken.length ? ` Violated: ${broken.join(', ')}.` : ''}`
    : `${plural(state.next.length, 'initial state')}.`;
  document.title = `${model.name} · step ${steps}`;
  document.body.dataset.ready = path.join('/') || 'empty';
}

async function load() {
  const ticket = ++asked;
  delete document.body.dataset.ready;
  try {
    const state = await request(`api/state?path=${encodeURIComponent(here().join('/'))}`);
    if (ticket !== asked) return;
    complain('');
    if (state.path.length === 0 && state.next.length === 1) {
      location.replace(address([state.next[0].fingerprint]));
      return;
    }
    show(state);
  } catch (e) {
    if (ticket !== asked) return;
    show({ path: [], flights: [], tellings: [], scene: null, next: [] });
    byId('state').replaceChildren();
    byId('next').replaceChildren();
    byId('status').textContent = '';
    complain(e.message);
    document.body.dataset.ready = 'problem';
  }
}

function stepBack() {
  const path = here();
  if (path.length > 1) location.hash = address(path.slice(0, -1));
}

function pressed(e) {
  const filter = byId('filter');
  const typing = document.activeElement === filter;
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const at = (places) => !typing && document.activeElement?.closest(places); // where keys mean something else
  const onOther = at('a, button, summary') && !at('#next');
  if ((e.key === 'ArrowDown' || e.key === 'ArrowUp') && !at('#state, #sequence')) selectNext(e.key === 'ArrowDown' ? 1 : -1);
  else if (e.key === 'Enter' && !onOther && chosen()) location.hash = chosen();
  else if (e.key === 'Backspace' && !(typing && filter.value)) stepBack();
  else if (e.key === '/' && !typing) filter.focus();
  else if (e.key === 'Escape' && typing) {
    filter.value = '';
    applyFilter();
    filter.blur();
  } else return;
  e.preventDefault();
}

async function start() {
  byId('filter').addEventListener('input', applyFilter);
  byId('next').addEventListener('focusin', selectFocused);
  addEventListener('keydown', pressed);
  addEventListener('hashchange', load);
  try {
    model = await request('api/model');
  } catch (e) {
    complain(e.message);
    return;
  }
  byId('model').textContent = model.name || 'model';
  byId('about').textContent = model.about;
  startSearch(model.maxStates);
  load();
}

start();
