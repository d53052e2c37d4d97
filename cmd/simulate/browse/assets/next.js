import { byId, element } from './dom.js';

// The steps that can be next, grouped by node, one of them selected.

let links = []; // those that the filter leaves
let selected = 0;

const verbs = { deliver: 'gets', timer: 'timer', crash: 'crashes', restart: 'starts again', drop: 'loses',
  duplicate: 'gets twice', cut: 'cut', mend: 'mend', tick: 'time passes', boot: 'boot' };

function stepLink(s, names, base) {
  const line = [s.line, ...(s.others || [])].join(' ').toLowerCase();
  return element('a', { href: `${base}/${s.fingerprint}`, class: `step ${s.kind}`, 'data-line': line },
    element('span', { class: 'kind' }, verbs[s.kind] || s.kind),
    element('span', { class: 'text' }, s.kind === 'boot' ? s.line.replace('boot, ', '') : s.about || '',
      s.from >= 0 && element('span', { class: 'route' }, ` from ${names[s.from]}`),
      s.note && element('span', { class: 'note' }, ` ${s.note}`),
      (s.others || []).map((o) => element('span', { class: 'other' }, `also by: ${o}`))));
}

// showNext lists steps. base is the address of the state that they lead from.
export function showNext(next, names, base) {
  const groups = new Map();
  for (const s of next) {
    if (!groups.has(s.node)) groups.set(s.node, []);
    groups.get(s.node).push(stepLink(s, names, base));
  }
  byId('next').replaceChildren(...[...groups].map(([node, steps]) => element('div', { class: 'group' },
    element('h3', {}, node >= 0 ? names[node] : steps[0].classList.contains('boot') ? 'initial states' : 'network'),
    element('ul', {}, steps.map((s) => element('li', {}, s))))));
  if (next.length === 0) byId('next').append(element('p', { class: 'none' }, 'No step is possible: the path ends here.'));
  selected = 0;
  applyFilter();
}

// applyFilter leaves the steps that have all words of the filter in them.
export function applyFilter() {
  const wanted = byId('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  const all = [...document.querySelectorAll('#next a.step')];
  links = [];
  for (const link of all) {
    const fits = wanted.every((w) => link.dataset.line.includes(w));
    link.parentElement.hidden = !fits;
    if (fits) links.push(link);
  }
  for (const group of document.querySelectorAll('#next .group')) {
    group.hidden = ![...group.querySelectorAll('li')].some((li) => !li.hidden);
  }
  byId('next-count').textContent = links.length === all.length ? all.length : `${links.length} of ${all.length}`;
  select(Math.min(selected, links.length - 1), false);
}

// select marks a step as the one that Enter takes.
export function select(i, show = true) {
  for (const link of document.querySelectorAll('#next a.selected')) {
    link.classList.remove('selected');
    link.removeAttribute('aria-current');
  }
  selected = Math.max(0, Math.min(i, links.length - 1));
  const link = links[selected];
  if (!link) return;
  link.classList.add('selected');
  link.setAttribute('aria-current', 'true');
  if (!show) return;
  link.scrollIntoView({ block: 'nearest' });
  if (document.activeElement !== byId('filter')) link.focus({ preventScroll: true });
}

// selectFocused selects the step that the focus has come to.
export function selectFocused(e) {
  const i = links.indexOf(e.target);
  if (i >= 0 && i !== selected) select(i, false);
}

export const selectNext = (by) => select(selected + by);

// chosen is the address behind the selected step, undefined if there is none.
export const chosen = () => links[selected]?.getAttribute('href');
