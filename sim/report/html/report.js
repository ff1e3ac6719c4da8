// SPDX-License-Identifier: BSD-3-Clause
// The parts of the report that are made from its data: requirements by what is chosen, the list of cases. Text from
// the data becomes text nodes only.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const results = ["passed", "failed", "skipped", "lacking"];
  const cases = data.cases.map(([name, result, file, spmc, versions, errors, covers, note], number) => ({
    name, number, note, covers,
    result: results[result],
    file: data.files[file],
    spmc: data.spmcs[spmc],
    versions: versions.map((v) => data.versions[v]),
    errors: errors.map((e) => data.errors[e]),
  }));
  const rows = data.rows.map(([id, chapter, condition, result, leftOut, tests], number) => (
    { id, number, chapter, condition, result, leftOut, tests, cases: [] }));
  for (const one of cases) for (const row of one.covers) rows[row].cases.push(one);
  const ran = (one) => one.result === "passed" || one.result === "failed";

  const make = (tag, classes, ...children) => {
    const node = document.createElement(tag);
    if (classes) node.className = classes;
    for (const child of children) node.append(child);
    return node;
  };
  const failureOf = new Map();
  for (const article of document.querySelectorAll(".failure")) failureOf.set(article.dataset.name, article.id);
  const nameOf = (one) => {
    const id = failureOf.get(one.name);
    if (!id) return make("span", "mono", one.name);
    const link = make("a", "mono", one.name);
    link.href = "#" + id;
    return link;
  };

  const select = (title, values, changed) => {
    const box = make("select");
    for (const value of ["", ...values]) {
      const option = make("option", "", value === "" ? "all" : value);
      option.value = value;
      box.append(option);
    }
    box.addEventListener("change", changed);
    return { box, label: make("label", "", title, box) };
  };
  const search = (title, changed) => {
    const box = make("input");
    box.type = "search";
    box.placeholder = title;
    box.addEventListener("input", changed);
    return box;
  };
  const table = (heads, id) => {
    const body = make("tbody");
    const node = make("table", "list", make("thead", "", make("tr", "", ...heads.map((h) => make("th", "", h)))), body);
    body.id = id;
    return { node, body };
  };
  const sorted = (values) => [...new Set(values)].sort();

  /* Requirements. */
  const coverage = document.getElementById("coverage");
  const chapters = [...data.chapters, ["", "rows that this program does not know"]]
    .filter(([name]) => rows.some((row) => row.chapter === name));
  const show = () => showRows();
  const pick = {
    chapter: select("chapter", chapters.map(([name]) => name).filter(Boolean), show),
    version: select("FF-A version", [...data.versions].sort(), show),
    spmc: select("SPMC", sorted(data.spmcs.filter((s) => s !== "")), show),
    error: select("error", [...data.errors].sort(), show),
    state: select("state", ["passed", "failed", "other tests", "uncovered", "left out"], show),
  };
  const rowText = search("requirement, words or id", show);
  const fits = (one) => {
    const { version, spmc, error } = pick;
    return (!version.box.value || one.versions.includes(version.box.value)) &&
      (!spmc.box.value || one.spmc === spmc.box.value) && (!error.box.value || one.errors.includes(error.box.value));
  };
  const tally = (row) => {
    const those = row.cases.filter(fits);
    const failed = those.filter((one) => one.result === "failed").length;
    const passed = those.filter((one) => one.result === "passed").length;
    const ran = row.cases.some((one) => one.result === "passed" || one.result === "failed");
    const otherwise = row.tests.length && !ran ? "other tests" : row.leftOut ? "left out" : "uncovered";
    const state = failed ? "failed" : passed ? "passed" : otherwise;
    return { row, those, failed, passed, state };
  };
  const requirements = table(["row", "condition", "has to give", "cases", "state"], "requirement-rows");
  const total = make("p", "note");
  total.id = "requirement-total";

  const caseList = (those) => {
    const most = 100;
    const list = make("ul");
    for (const one of those.slice(0, most)) list.append(make("li", "", nameOf(one), " ", make("span", one.result, one.result)));
    if (those.length > most) list.append(make("li", "note", `${those.length - most} more: see the list of cases`));
    return list;
  };
  const toggle = (line, { row, those }) => {
    if (line.nextSibling?.classList.contains("open")) return line.nextSibling.remove();
    const cell = make("td");
    cell.colSpan = 5;
    if (row.leftOut) cell.append(make("p", "note", "left out: " + row.leftOut));
    cell.append(those.length ? caseList(those) : make("p", "note", "no case"));
    for (const [test, shows] of row.tests) {
      cell.append(make("p", "note", "also shown by ", make("span", "mono", test), ": " + shows));
    }
    line.after(make("tr", "open", cell));
  };
  const stateNode = (state, text) => make("span", state === "left out" || state === "other tests" ? "skipped" : state, text);
  const rowLine = (told) => {
    const numbers = make("td", "number", String(told.passed));
    if (told.failed) numbers.append(" + ", make("span", "failed", String(told.failed)));
    const line = make("tr", "row", make("td", "mono fixed", told.row.id), make("td", "", told.row.condition),
      make("td", "", told.row.result), numbers, make("td", "fixed", stateNode(told.state, told.state)));
    line.addEventListener("click", () => toggle(line, told));
    return line;
  };
  const opened = new Set();
  const chapterLine = (name, title, counts) => {
    const line = make("tr", "row chapter", make("td", "mono fixed", name), make("td", "", title));
    const cell = make("td", "fixed");
    cell.colSpan = 3;
    for (const [state, count] of Object.entries(counts)) {
      if (count) cell.append(stateNode(state, `${count} ${state}`), "  ");
    }
    line.append(cell);
    line.addEventListener("click", () => {
      if (!opened.delete(name)) opened.add(name);
      showRows();
    });
    return line;
  };
  /* Chapters open when they are clicked, or when rows are chosen. */
  const showRows = () => {
    const words = rowText.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = words.length > 0 || pick.state.box.value || pick.chapter.box.value;
    const none = () => ({ passed: 0, failed: 0, "other tests": 0, uncovered: 0, "left out": 0 });
    const all = none();
    const lines = document.createDocumentFragment();
    for (const [name, title] of chapters) {
      if (pick.chapter.box.value && name !== pick.chapter.box.value) continue;
      const counts = none();
      const told = rows.filter((row) => row.chapter === name &&
        words.every((word) => `${row.id} ${row.condition} ${row.result}`.toLowerCase().includes(word))).map(tally);
      for (const { state } of told) { ++counts[state]; ++all[state]; }
      const shown = told.filter(({ state }) => !pick.state.box.value || state === pick.state.box.value);
      if (!shown.length) continue;
      lines.append(chapterLine(name, title, counts));
      if (chosen || opened.has(name)) lines.append(...shown.map(rowLine));
    }
    requirements.body.replaceChildren(lines);
    total.textContent = `${all.passed} passed, ${all.failed} failed, ${all["other tests"]} shown by other tests only, ` +
      `${all.uncovered} uncovered, ${all["left out"]} left out. A click opens a chapter; one on a row names its cases.`;
  };

  /* Passed and failed cases by two properties; a click chooses both above. */
  const pivot = (caption, across, acrossOf, acrossPick, down, downOf, downPick) => {
    const head = make("tr", "", make("th"), ...across.map((value) => make("th", "number", value)));
    const body = make("tbody");
    for (const value of down) {
      const line = make("tr", "", make("th", "", value));
      for (const other of across) {
        const those = cases.filter((one) => ran(one) && downOf(one).includes(value) && acrossOf(one).includes(other));
        const failed = those.filter((one) => one.result === "failed").length;
        const cell = make("td", those.length ? "number pick" : "number zero", String(those.length - failed));
        if (failed) cell.append(" + ", make("span", "failed", String(failed)));
        if (those.length) cell.addEventListener("click", () => {
          downPick.box.value = value;
          acrossPick.box.value = other;
          showRows();
        });
        line.append(cell);
      }
      body.append(line);
    }
    return make("table", "pivot", make("caption", "", caption), make("thead", "", head), body);
  };
  const spmcs = sorted(cases.filter(ran).map((one) => one.spmc));
  const versions = [...data.versions].sort();
  const errors = [...data.errors].sort();
  coverage.append(
    make("div", "pivots",
      pivot("Cases by SPMC and FF-A version of the guests", versions, (one) => one.versions, pick.version,
        spmcs, (one) => [one.spmc], pick.spmc),
      pivot("Cases by error and FF-A version of the guests", versions, (one) => one.versions, pick.version,
        errors, (one) => one.errors, pick.error)),
    make("div", "controls", rowText, ...Object.values(pick).map((one) => one.label)), total, requirements.node);
  showRows();

  /* Mutants, where the report was given some. */
  const showMutants = ({ parts, survivors }) => {
    const section = document.getElementById("mutants");
    const cell = (number, classes) => make("td", number ? "number " + classes : "number zero", String(number));
    const scores = table(["part", "killed", "explained", "unexplained", "score"], "mutant-parts");
    const sum = [0, 0, 0];
    const score = (killed, unexplained) =>
      (killed + unexplained ? (100 * killed / (killed + unexplained)).toFixed(1) + " %" : "none");
    for (const [name, ...counts] of parts) {
      const [killed, explained, unexplained] = counts;
      counts.forEach((count, n) => { sum[n] += count; });
      scores.body.append(make("tr", "", make("td", "mono", name), cell(killed, "passed"), cell(explained, ""),
        cell(unexplained, "failed"), make("td", "number", score(killed, unexplained))));
    }
    const about = make("p", "note", `${sum[0]} mutants killed, ${sum[1]} survived and explained, ${sum[2]} unexplained: ` +
      `${score(sum[0], sum[2])}. Explained: no test can notice it, for the reason told; such a mutant does not count.`);
    about.id = "mutant-total";
    const most = 500;
    const list = table(["place", "what was changed", "result"], "mutant-survivors");
    const text = search("filter: part, place, change or reason", () => showSurvivors());
    const showSurvivors = () => {
      const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
      const textOf = ([part, ...rest]) => [parts[part][0], ...rest].join(" ").toLowerCase();
      const found = survivors.filter((one) => words.every((word) => textOf(one).includes(word)));
      list.body.replaceChildren(...found.slice(0, most).map(([part, place, change, code, result, reason]) => {
        const where = make("td", "mono", place);
        where.append(make("div", "note", parts[part][0]));
        const what = make("td", "", change, " ", make("code", "", code));
        if (reason) what.append(make("div", "note", reason));
        return make("tr", "", where, what,
          make("td", "fixed " + (reason ? "skipped" : "failed"), reason ? "explained" : result));
      }));
      shown.textContent = `${found.length} of ${survivors.length} survivors` + (found.length > most ? `, the first ${most} shown` : "");
    };
    const shown = make("p", "note");
    shown.id = "mutant-shown";
    section.append(about, scores.node, make("h4", "", "Survivors"), make("div", "controls", text), shown, list.node);
    showSurvivors();
  };
  if (data.mutants) showMutants(data.mutants);

  /* Cases. */
  const section = document.getElementById("cases");
  let most = 200;
  const showCases = () => {
    const words = caseText.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = resultPick.box.value;
    const found = cases.filter((one) => (!wanted || one.result === wanted) &&
      words.every((word) => one.name.toLowerCase().includes(word) || one.file.toLowerCase().includes(word)));
    const lines = document.createDocumentFragment();
    for (const one of found.slice(0, most)) {
      const about = make("td", "", nameOf(one));
      if (one.note) about.append(make("div", "note", one.note));
      lines.append(make("tr", "", make("td", one.result + " fixed", one.result), about, make("td", "fixed", one.spmc),
        make("td", "", one.versions.join(", ")), make("td", "", one.errors.join(", ")),
        make("td", "mono", one.covers.map((row) => rows[row].id).join(" "))));
    }
    caseTable.body.replaceChildren(lines);
    shown.textContent = `${found.length} of ${cases.length} cases` + (found.length > most ? `, the first ${most} shown` : "");
    more.hidden = found.length <= most;
  };
  const from = () => { most = 200; showCases(); };
  const caseText = search("filter: parts of the name or the file", from);
  caseText.id = "case-filter";
  const resultPick = select("result", results, from);
  const caseTable = table(["result", "case", "SPMC", "guests", "errors seen", "covers"], "case-rows");
  const shown = make("p", "note");
  shown.id = "case-total";
  const more = make("button", "", "show all");
  more.addEventListener("click", () => { most = cases.length; showCases(); });
  section.append(make("div", "controls", caseText, resultPick.label), shown, caseTable.node, more);
  for (const link of document.querySelectorAll("a.folder")) link.addEventListener("click", () => {
    caseText.value = link.dataset.folder + "/";
    from();
  });
  showCases();

  /* A field lights up with its bytes; a REPRO line can be copied. */
  for (const dump of document.querySelectorAll(".dump")) {
    const light = (target, on) => {
      const number = target.closest("[data-f]")?.dataset.f;
      if (number) for (const node of dump.querySelectorAll(`[data-f="${number}"]`)) node.classList.toggle("lit", on);
    };
    dump.addEventListener("mouseover", (event) => light(event.target, true));
    dump.addEventListener("mouseout", (event) => light(event.target, false));
  }
  for (const button of document.querySelectorAll(".copy")) button.addEventListener("click", () =>
    navigator.clipboard?.writeText(button.previousSibling.textContent));
  document.documentElement.dataset.ready = "true";
})();
