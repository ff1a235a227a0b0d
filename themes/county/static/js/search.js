/* Answers searches in the browser, from the index that the portal has (search-index.js). */
(() => {
"use strict";

const page = document.getElementById("search");
const form = page && page.querySelector("form");
if (!form) return;

/* What is asked for, as the page's address has it. */
const filters = { site: "", kind: "", validity: "", year: "" };
let query = "";
function readAddress() {
  const asked = new URLSearchParams(location.search);
  query = (asked.get("q") || "").trim().slice(0, 200);
  for (const name of Object.keys(filters)) filters[name] = asked.get(name) || "";
}

readAddress();
if (!page.dataset.lists) {
  // A department's page: the portal answers, for this site alone.
  if (query) location.replace(`${page.dataset.county}?${new URLSearchParams({ q: query, site: page.dataset.site })}`);
  return;
}

const PATIENCE = 8000, PAGE = 10, SLOTS = 256, PARTS = 64;
const MOST_PAIRS = 4, MOST_TRIES = 60, BATCH = 10, AHEAD = 4, NEAR = 16, LONG = 4, MOST_SOUGHT = 12, SHARE = 0.6, MOST_BYTES = 32768;

const index = openSearchIndex(page.dataset.lists, Number(page.dataset.recent), Number(page.dataset.shards));
const { foldText, pairs, find, findAll, both, count, readBlock, readDocument } = index;

/* ---- Asking ---- */

/* Whether a document has some words; of long ones the rest is read for it, as long as that is not too much. */
async function hasAll(entry, words) {
  const has = () => words.every(word => isIn(entry.document, word));
  if (has()) return true;
  if (entry.document.isWhole) return false;
  const size = entry.end - entry.from;
  // All its pairs of characters are there; then it is taken at its word.
  if (size > budget) return true;
  budget -= size;
  await index.readText(entry, entry.end);
  return has();
}

let budget = MOST_BYTES;
const isIn = ({ words }, word) => words.title.text.includes(word) || words.text.text.includes(word) || words.facts.includes(word);

/* Words of questions, which are in no text that answers them. Longer ones first. */
const QUESTION = /请问|怎么办理|如何办理|怎样办理|怎么申请|如何申请|怎么办|怎么样|怎么|怎样|如何|在哪里|在哪儿|在哪|哪里|哪儿|去哪|什么时候|是什么|什么|为什么|多少钱|多少|多久|几点|有哪些|哪些|需要|可以|能不能|可不可以|能否|是否|有没有|我想|我要|应该|想要|一下|谢谢|[吗呢啊吧](?=[?？!！。]|$)|[我您你的了是和与去请想要?？!！,，.。、;；:："“”]/u;

const CALLED = window.searchWords.concat(JSON.parse(page.dataset.called || "[]"));

/* The words of a question as documents have them; and those of documents that say enough by themselves. */
function reword(phrase, words) {
  const known = CALLED.filter(([word, means]) => phrase.includes(word) && !phrase.includes(means));
  const whole = words.map(one => known.reduce((said, [word, means]) => said.replaceAll(word, means), one));
  return { whole, means: known.map(([, means]) => foldText(means).text).filter(means => means.length >= LONG && !words.includes(means)) };
}

async function limit(found) {
  const words = Object.entries(filters).filter(([name, value]) => value && name !== "year").map(([name, value]) => `\u0002${name}:${value}`);
  for (const word of words) found = both(found, await find(word, false));
  return found;
}

function isWanted(document) {
  return (!filters.site || document.site === filters.site) && (!filters.kind || document.kind === filters.kind)
    && (!filters.validity || document.validity === filters.validity) && (!filters.year || document.date.startsWith(filters.year));
}

/* The days that are asked for, as blocks count them. */
function days() {
  const year = Number(filters.year), beginning = y => Date.UTC(y, 0, 1) / 864e5 + 719163;
  return year ? [beginning(year), beginning(year + 1)] : [-1, Infinity];
}

/* The blocks of what is found, newest first; what has no date, as services, first or last. */
function inOrder(found, isStandingFirst) {
  const order = [...found.keys()].sort((one, other) => other - one).filter(block => Math.floor(block / PARTS) < days()[1]);
  return isStandingFirst ? order.sort((one, other) => (other < PARTS) - (one < PARTS)) : order;
}

const readAhead = order => order.slice(0, AHEAD).forEach(block => readBlock(block).catch(() => {}));

/* Yields what is found, a few documents at a time. */
async function* walk(found, seen, isStandingFirst) {
  const [low, high] = days(), order = inOrder(found, isStandingFirst);
  let batch = [];
  for (let at = 0; at < order.length; at++) {
    if (at % AHEAD === 0) readAhead(order.slice(at));
    const bits = found.get(order[at]);
    for (const entry of await readBlock(order[at])) {
      if (bits[entry.slot >> 3] >> (entry.slot & 7) & 1 && entry.day >= low && entry.day < high && !seen.has(entry)) batch.push(entry);
      if (batch.length === BATCH) { yield batch; batch = []; }
    }
  }
  if (batch.length) yield batch;
}

/* Evenly chosen: the others only make sure of what the text is asked anyway. */
function few(words, most = MOST_PAIRS) {
  return words.length <= most ? words : Array.from({ length: most }, (_, n) => words[Math.floor(n * (words.length - 1) / (most - 1))]);
}

const isExact = ({ document }, word) => document.words.title.text === word;

/* What is looked for, step by step: [words that a document must have, pairs that lead there, whether in its title]. */
function steps(phrase, terms, meant, whole, means) {
  const found = [], add = (words, isTitle) => found.push([words, few(words.flatMap(pairs)), isTitle]);
  if (Array.from(phrase).length === 1) return [[[phrase], [phrase], true]];
  if (phrase) add([phrase], true);
  const titles = new Set(whole.length === 1 && whole[0] !== meant[0] ? [whole[0], ...means] : means);
  for (const said of titles) add([said], true);
  if (phrase) add([phrase], false);
  if (terms.length > 1) add(terms, false);
  if (meant.length && meant.join() !== phrase && meant.join() !== terms.join()) {
    if (meant.length === 1) add(meant, true);
    add(meant, false);
  }
  if (whole.length > 1 && whole.join() !== meant.join()) add(whole, false);
  return found.filter(([, words]) => words.length);
}

/* Yields results in the order they are shown: [document, words to mark]; now and then nothing, so that it can be left. */
async function* search() {
  const phrase = foldText(query).text, seen = new Set(), rest = [];
  const split = words => words.map(word => foldText(word).text).filter(word => Array.from(word).length > 1);
  const terms = split(query.split(/\s+/)), meant = split(query.split(QUESTION).flatMap(part => part.split(/\s+/)));
  const { whole, means } = reword(phrase, meant), stages = steps(phrase, terms, meant, whole, means);
  // All lists are asked for at once; each stage waits only for its own.
  const finds = stages.map(([, words, isTitle]) => findAll(words, isTitle).then(limit));
  finds.forEach((find, at) => find.then(found => readAhead(inOrder(found, stages[at][2]))).catch(() => {}));
  const texts = stages.findIndex(([, , isTitle]) => !isTitle);
  if (texts >= 0) yield { about: count(await finds[texts]) };
  for (const [at, [words, , isTitle]] of stages.entries()) {
    if (at === texts) yield* titled(meant.length ? meant : [phrase], seen);
    if (at > texts && !isTitle) yield { about: seen.size + count(await finds[at]) };
    for await (const batch of walk(await finds[at], seen, isTitle)) {
      await Promise.all(batch.map(readDocument));
      if (isTitle) batch.sort((one, other) => isExact(other, words[0]) - isExact(one, words[0]));
      for (const entry of batch) {
        if (!isWanted(entry.document)) continue;
        const isHit = isTitle ? entry.document.words.title.text.includes(words[0]) : await hasAll(entry, words);
        if (isHit) { seen.add(entry); yield { document: entry.document, words }; }
        else if (!isTitle) rest.push(entry);
      }
      yield {};
    }
  }
  yield* nearly(meant.length ? [...new Set([...meant, ...whole, ...means])] : [phrase], seen);
  for (const entry of rest) if (!seen.has(entry)) { seen.add(entry); yield { document: entry.document, words: pairs(phrase) }; }
}

/* The documents that are in most of some lists, each list with its weight: [entry, sum of weights]. */
async function most(lists, weights, seen, least = 0) {
  const scores = new Map();
  for (const [place, blocks] of lists.entries()) {
    for (const [block, bits] of blocks) for (let at = 0; at < 32; at++) for (let byte = bits[at], bit = 0; byte; byte >>= 1, bit++) if (byte & 1) {
      const slot = block * SLOTS + at * 8 + bit;
      scores.set(slot, (scores.get(slot) || 0) + weights[place]);
    }
  }
  const isStanding = slot => slot < PARTS * SLOTS, entries = [];
  const best = [...scores].sort(([one, its], [other, others]) => others - its || isStanding(other) - isStanding(one) || other - one);
  for (const [slot, score] of best.slice(0, NEAR)) for (const entry of score < least ? [] : await readBlock(Math.floor(slot / SLOTS))) {
    if (entry.slot === slot % SLOTS && !seen.has(entry)) entries.push(entry);
  }
  await Promise.all(entries.map(readDocument));
  return entries.filter(({ document }) => isWanted(document));
}

/* Yields what has most of some words in its title. */
async function* titled(words, seen) {
  const sought = few(pairs(words.join("\n")), MOST_SOUGHT), least = SHARE * sought.length;
  if (sought.length < 3) return;
  const lists = await Promise.all(sought.map(word => find(word, true).then(limit)));
  for (const entry of await most(lists, lists.map(() => 1), seen, least)) {
    if (sought.filter(word => entry.document.words.title.text.includes(word)).length < least) continue;
    seen.add(entry);
    yield { document: entry.document, words: sought };
  }
}

/* How much of the words a document has: long pieces count for more than the same characters here and there. */
function likeness(document, words) {
  let score = 0;
  for (const word of words) for (let at = 0; at < word.length;) {
    let end = at + 2;
    if (end > word.length || !isIn(document, word.slice(at, end))) { at++; continue; }
    while (end < word.length && isIn(document, word.slice(at, end + 1))) end++;
    score += (end - at) ** 2 * (document.words.title.text.includes(word.slice(at, end)) ? 2 : 1);
    at = end;
  }
  return score;
}

/* Yields what has much of some words, in pieces; the rarest ones first say where to look. */
async function* nearly(words, seen) {
  const sought = await index.choose(few(pairs(words.join("\n")), MOST_SOUGHT), false);
  if (!sought.length) return;
  const lists = await Promise.all([false, true].flatMap(isTitle => sought.map(word => find(word, isTitle).then(limit))));
  const numbers = lists.slice(0, sought.length).map(count), total = Math.max(...numbers, 1) * 4;
  const weights = numbers.map(number => Math.log(1 + total / (number || 1)));
  // Where nothing else was found, something is better than nothing.
  const least = seen.size ? 1.2 * Math.min(...words.map(word => word.length)) : 0;
  const ranked = (await most(lists, [...weights, ...weights], seen)).map(entry => [entry, likeness(entry.document, words)]);
  for (const [entry] of ranked.filter(([, score]) => score >= least).sort(([, one], [, other]) => other - one)) {
    seen.add(entry);
    yield { document: entry.document, words: sought, isNearly: true };
  }
}

/* ---- Showing ---- */

const results = document.getElementById("search-results"), status = document.getElementById("search-status");
const more = document.getElementById("search-more"), say = name => page.dataset[name] || "";
const made = (name, text, kind) => { const element = document.createElement(name); if (text) element.textContent = text; if (kind) element.className = kind; return element; };

/* Where the words stand in a text, as they are written there. */
function places({ text, places }, words) {
  const found = [];
  for (const word of words) for (let at = text.indexOf(word); at >= 0 && found.length < 40; at = text.indexOf(word, at + word.length)) found.push([places[at], places[at + word.length]]);
  return found.sort((one, other) => one[0] - other[0]);
}

function mark(element, text, found, from = 0, end = text.length) {
  let last = from;
  for (const [start, stop] of found) {
    if (stop <= last || start >= end) continue;
    element.append(text.slice(last, Math.max(start, last)), made("mark", text.slice(Math.max(start, last), Math.min(stop, end))));
    last = Math.min(stop, end);
  }
  element.append(text.slice(last, end));
}

function show({ document: found, words, isNearly }) {
  if (isNearly && !results.querySelector(".nearly")) results.append(made("li", say("nearly"), "nearly"));
  const item = made("li"), link = made("a"), title = made("h2"), snippet = made("p"), beside = made("p", "", "note");
  const site = form.elements.site.querySelector(`option[value="${CSS.escape(found.site)}"]`);
  link.href = (site ? site.dataset.href : "/").replace(/\/$/, "") + encodeURI(found.address);
  mark(link, found.title, places(found.words.title, words));
  title.append(link);
  const hits = places(found.words.text, words), start = hits.length ? Math.max(0, hits[0][0] - 30) : 0, end = Math.min(found.text.length, start + 110);
  if (start) snippet.append("…");
  mark(snippet, found.text, hits, start, end);
  if (end < found.text.length) snippet.append("…");
  if (found.date) { const time = made("time", found.date); time.dateTime = found.date; beside.append(time, " "); }
  const kind = form.elements.kind.querySelector(`option[value="${found.kind}"]`), validity = form.elements.validity.querySelector(`option[value="${found.validity}"]`);
  const shown = [found.source || (site ? site.textContent : ""), kind && kind.textContent, found.number, found.validity && found.validity !== "in_force" && validity && validity.textContent];
  beside.append(shown.filter(Boolean).join(" · "));
  item.append(title, snippet, beside);
  results.append(item);
}

let number = 0, about = 0, answers;

async function turnPage() {
  const mine = answers, timer = setTimeout(index.abandon, PATIENCE);
  more.hidden = true;
  results.setAttribute("aria-busy", "true");
  let tries = 0, word = "nothing";
  budget = MOST_BYTES;
  try {
    for (const goal = number + PAGE; ;) {
      const { value, done } = await mine.next();
      if (mine !== answers) return;
      if (done) { about = number; break; }
      about = Math.max(about, value.about || 0);
      if (value.document) { show(value); number++; }
      else tries += BATCH;
      if (number >= goal || (number && tries > MOST_TRIES)) { more.hidden = false; break; }
    }
    if (number) word = more.hidden ? "found" : "about";
  } catch (fault) {
    if (mine !== answers) return;
    word = "failed";
    console.warn(fault);
  } finally {
    clearTimeout(timer);
  }
  status.textContent = say(word).replace("{n}", Math.max(about, number));
  results.removeAttribute("aria-busy");
  page.dataset.state = "done";
}

const ownTitle = document.title, fields = Object.keys(filters).map(name => form.elements[name]);

/* Answers what the page's address asks. */
function answer() {
  index.abandon();
  readAddress();
  form.elements.q.value = query;
  for (const field of fields) field.value = filters[field.name];
  page.dataset.state = "";
  results.textContent = status.textContent = "";
  more.hidden = true;
  number = about = 0;
  answers = query ? ask() : null;
  document.title = query ? `${query} - ${ownTitle}` : ownTitle;
  if (!query) return;
  status.textContent = say("wait");
  turnPage();
}

async function* ask() {
  if (!index.isSimplified(query)) await index.learnCharacters();
  yield* search();
}

function submit(event) {
  event.preventDefault();
  const asked = new URLSearchParams();
  // Addresses stay short: what is not asked for is not in them.
  for (const field of [form.elements.q, ...fields]) if (field.value.trim()) asked.set(field.name, field.value.trim());
  history.pushState(null, "", `?${asked}`);
  answer();
}

form.addEventListener("submit", submit);
for (const field of fields) field.addEventListener("change", event => { if (form.elements.q.value.trim()) submit(event); });
addEventListener("popstate", answer);
document.getElementById("search-filters").hidden = false;
more.addEventListener("click", turnPage);
answer();
})();
