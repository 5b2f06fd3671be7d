"""Benchmarks of nb201store: named workloads, baselines beside them, answers held against each other.

Run: python benchmarks/run.py --help. What a workload isolates is said where it is defined (`workloads/`).

open_cold       open and one answer, nothing in the page cache
open_warm       open, file in the page cache; memory it takes
first_answer    a process from its start to its end, one question asked
point           one number by the full keyword call
point_handle    one number through a column handle
batch_random    a million random (code, seed, epoch), of one column and of all
mean            means over the seeds of a cell
curve           all epochs of one trial
column          an epoch of all cells
topk            the best cells
simulated_cost  what a simulated search pays for one evaluation
neighbours      values of the cells one edge away
search_random   simulated searches, random
search_rea      ageing evolution
search_rea_mean the same on means over trials
search_local    local search
search_reinforce  policy gradients
search_bohb     BOHB
search_start    one published search, from nothing loaded
convert_201     a single official file converted and verified (--converting)
convert_nats    an official folder converted and verified (--converting)
chunks          an archive's arrays in other chunks and by other codecs (--codecs)
"""
