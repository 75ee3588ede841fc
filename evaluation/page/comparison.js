// The questions that two or more reports share.
const [first, ...others] = data.letters;
const rows = data.rows;
for (const row of rows) {
  row.answers.forEach((answer, place) => {
    const letter = data.letters[place];
    row[`score${letter}`] = answer.score;
    row[`gain${letter}`] = answer.score - row.answers[0].score;
    row[`response${letter}`] = answer.response;
  });
  const gains = others.map((letter) => row[`gain${letter}`]);
  row.isGained = gains.some((gain) => gain > 0);
  row.isLost = gains.some((gain) => gain < 0);
  row.isChanged = row.isGained || row.isLost;
  row.isReworded = !row.isChanged && row.answers.some(({ response }) => response !== row.answers[0].response);
  row.isDoubtful = row.answers.some(({ origin }) => origin === "cut" || origin === "fallback");
}

const signed = (value) => (value > 0 ? "+" : "") + value.toFixed(3);
const WHOSE = { cut: ", cut by the clock", fallback: ", the form's fallback" };

function show(row) {
  const answers = row.answers.map((answer, place) => {
    const letter = data.letters[place];
    const gain = place === 0 || answer.score === row.answers[0].score ? "" : ` (${signed(row[`gain${letter}`])})`;
    const took = answer.seconds === null ? "" : `, ${answer.seconds.toFixed(2)} s`;
    return block(`${letter}, question ${answer.id ?? "?"}: ${answer.score.toFixed(3)}${gain}${took}${WHOSE[answer.origin] ?? ""}`, answer.response);
  });
  return [
    element("h2", `Question ${row.id}: ${row.task_name}`),
    element("p", [row.task_type, row.metric].filter(Boolean).join(", "), "soft"),
    block("Question", row.question ?? "the reports do not tell"),
    ...(answers.length < 4 ? [sideBySide(...answers)] : answers),
    block("Truth", row.truth),
  ];
}

browse({
  rows,
  columns: [
    number("id", "id", "3.2rem", String), column("track", "track", "3.8rem", "wide"), column("task", "task_name", "10rem"),
    ...data.letters.map((letter) => number(letter, `score${letter}`, "4.6rem")),
    ...others.map((letter) => number(`${letter} − ${first}`, `gain${letter}`, "5.4rem", (value) => (value ? signed(value) : ""))),
    ...data.letters.map((letter) => column(`answer ${letter}`, `response${letter}`, "auto", "wide")),
    column("truth", "truth", "auto"),
  ],
  sortedBy: `gain${others[0]}`,
  textOf: (row) => [row.id, row.task_name, row.question, row.truth, ...row.answers.map(({ response }) => response)].join("\n"),
  show,
  keys: { c: () => byId("only-changed").click() },
});
