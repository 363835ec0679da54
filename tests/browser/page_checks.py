"""JavaScript that checks a page: each expression returns the faults, or what it found."""

# https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
CONTRASTS = """() => {
  const parse = (text) => {
    const found = text.match(/rgba?\\(([^)]+)\\)/);
    if (!found) throw new Error(text);
    const [r, g, b, a = 1] = found[1].split(/[ ,\\/]+/).map(Number);
    return [r, g, b, a];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const layers = [];
    for (let node = element; node; node = node.parentElement)
      layers.push(parse(getComputedStyle(node).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const poor = [];
  let seen = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    if (!text || element.closest('.unseen, .skip, .execution-graph, script, style, title, desc, option')) continue;
    if (!element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const below = ground(element);
    const colour = over(parse(element.closest('svg') ? style.fill : style.color), below);
    const [light, dark] = [luminance(colour), luminance(below)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    seen += 1;
    if (ratio < 4.5) poor.push(`${text.slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  if (seen < 10) poor.push(`only ${seen} texts`);
  return poor;
}"""


# The structure that screen readers rely on.
STRUCTURE = """() => {
  const wrong = [];
  const count = (selector, number) => {
    const found = document.querySelectorAll(selector).length;
    if (found !== number) wrong.push(`${found} ${selector}`);
  };
  count('h1', 1); count('main', 1); count('header', 1); count('nav[aria-label]', 1); count('[aria-current=page]', 1);
  count('[role=status][aria-live=polite]', 1); count('html[lang]', 1);
  let level = 1;
  for (const heading of document.querySelectorAll('h1, h2, h3')) {
    const own = Number(heading.nodeName[1]);
    if (own > level + 1) wrong.push(`h${own} after h${level}: ${heading.textContent}`);
    level = own;
  }
  for (const head of document.querySelectorAll('th:not([scope])')) wrong.push(`no scope: ${head.outerHTML}`);
  for (const element of document.querySelectorAll('input:not([type=hidden]), select'))
    if (!element.labels.length && !element.ariaLabel) wrong.push(`no label: ${element.outerHTML}`);
  for (const element of document.querySelectorAll('a, button')) {
    const named = (element.ariaLabel || element.textContent).trim();
    if (!named && !element.closest('[aria-hidden=true]')) wrong.push(`no name: ${element.outerHTML}`);
  }
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  for (const id of ids.filter((id, at) => ids.indexOf(id) !== at)) wrong.push(`twice: ${id}`);
  for (const element of document.querySelectorAll('[aria-labelledby]'))
    for (const id of element.getAttribute('aria-labelledby').split(' '))
      if (!document.getElementById(id)) wrong.push(`labelled by nothing: ${id}`);
  return wrong;
}"""


FOCUSED = """() => {
  const element = document.activeElement;
  if (element === document.body) return null;
  element.dataset.reached = 'yes';
  const ring = element.querySelector(':scope > .ring');
  const is_seen = ring ? getComputedStyle(ring).stroke !== 'none' : getComputedStyle(element).outlineStyle !== 'none';
  return {what: element.outerHTML.slice(0, 120), is_seen};
}"""


NOT_REACHED = """() =>
  [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')]
    .filter((element) => element.checkVisibility() && element.tabIndex >= 0 && !element.dataset.reached)
    .map((element) => element.outerHTML.slice(0, 120))
"""


# Whether the first row was painted: https://developer.mozilla.org/docs/Web/API/PerformanceElementTiming
PAINTED = """
  new PerformanceObserver(() => { document.documentElement.dataset.painted = 'first'; })
    .observe({type: 'element', buffered: true});
  new MutationObserver((_, observer) => {
    const first = document.querySelector('tbody[data-text] th');
    if (!first) return;
    first.setAttribute('elementtiming', 'first');
    observer.disconnect();
  }).observe(document, {childList: true, subtree: true});
"""
