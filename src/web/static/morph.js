// Makes an element look like another one with as few changes as possible, so that whatever is not different stays the
// same node: with its focus, selection, scroll position, listeners and animations.

/** Brings `shown` up to date with `fresh`, both of the same kind. `fresh` is left as it is. */
export function morph(shown, fresh) {
  if (shown.hasAttribute("data-live-keep")) return;
  morphAttributes(shown, fresh);
  // what somebody has typed is a child of a text area only at first
  if (shown.nodeName !== "TEXTAREA") morphChildren(shown, fresh);
}

/** Whether a <details> is open is the reader's choice once it is there. */
function isReaders(element, name) {
  return name === "open" && element.nodeName === "DETAILS";
}

function morphAttributes(shown, fresh) {
  for (const { name, value } of fresh.attributes) {
    if (!isReaders(shown, name) && shown.getAttribute(name) !== value) shown.setAttribute(name, value);
  }
  for (const { name } of [...shown.attributes]) {
    if (!isReaders(shown, name) && !fresh.hasAttribute(name)) shown.removeAttribute(name);
  }
}

function morphChildren(shown, fresh) {
  const wanted = new Set([...fresh.childNodes].map(key).filter(Boolean));
  const keyed = new Map();
  for (const node of [...shown.childNodes]) {
    const name = key(node);
    if (!name) continue;
    if (wanted.has(name) && !keyed.has(name)) keyed.set(name, node);
    else if (!isKept(node)) node.remove();
  }
  let next = shown.firstChild;
  for (const node of fresh.childNodes) {
    while (next && isKept(next) && !isKept(node)) next = next.nextSibling;
    const known = partner(node, next, keyed);
    if (!known) {
      shown.insertBefore(document.importNode(node, true), next);
      continue;
    }
    if (known === next) next = next.nextSibling;
    else if (known.nextSibling !== next) shown.insertBefore(known, next);
    if (known.nodeType === Node.ELEMENT_NODE) morph(known, node);
    else if (known.nodeValue !== node.nodeValue) known.nodeValue = node.nodeValue;
  }
  while (next) {
    const rest = next;
    next = next.nextSibling;
    if (!isKept(rest)) rest.remove();
  }
}

/** The node that `node` is the new state of: the one of the same key, or the next one if neither has a key. */
function partner(node, next, keyed) {
  const name = key(node);
  if (name) {
    const known = keyed.get(name);
    keyed.delete(name);
    return known;
  }
  const isSameKind = next && next.nodeType === node.nodeType && next.nodeName === node.nodeName;
  return isSameKind && !key(next) ? next : undefined;
}

function isKept(node) {
  return node.nodeType === Node.ELEMENT_NODE && node.hasAttribute("data-live-keep");
}

/** Tells apart what stands in lists: by id or data-key, and rows by what they lead to. */
function key(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return "";
  const own = node.id || node.dataset?.key;
  if (own) return `${node.nodeName}#${own}`;
  if (node.nodeName === "A") return `A>${node.getAttribute("href")}`;
  if (node.nodeName !== "TR" && node.nodeName !== "LI") return "";
  const link = node.querySelector("a[href]");
  return link ? `${node.nodeName}>${link.getAttribute("href")}` : "";
}
