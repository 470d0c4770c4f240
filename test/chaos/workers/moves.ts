export type Move = "kill" | "kill-in-rebalance" | "freeze" | "freeze-and-kill" | "replace";

interface Form {
  records: number;
  moves: readonly Move[];
}

const times = (count: number, move: Move): Move[] => new Array(count).fill(move);

/** 24 kills and 8 freezes. */
const full: Form = {
  records: 2_000_000,
  moves: [
    ...times(14, "kill"),
    ...times(8, "kill-in-rebalance"),
    ...times(6, "freeze"),
    ...times(2, "freeze-and-kill"),
    ...times(2, "replace"),
  ],
};

const short: Form = {
  records: 200_000,
  moves: [...times(3, "kill"), ...times(1, "kill-in-rebalance"), "freeze", "replace"],
};

/** What happens to the workers while how many records flow, in an order of chance. */
export function plan(isShort: boolean, random: () => number): Form {
  const { records, moves } = isShort ? short : full;
  const order = moves.map((move) => ({ move, place: random() }));
  return { records, moves: order.sort((a, b) => a.place - b.place).map(({ move }) => move) };
}
