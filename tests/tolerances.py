"""How far two results may be apart where nothing is wrong: each limit with its unit and reason.

A tolerance that only one test needs stands in that test.
"""

PX = 0.01  # frame px: the project's limit for float32 on a CPU
SCORE = 1e-4  # confidence: the same limit
INSTANCE_SCORE = 10 * SCORE  # an instance's score is made of those of its nodes or edges
SAME_GRAPH_PX = 1e-3  # frame px: the same graph in other batches and queues, float noise only
MAP = 1e-4  # of a map's largest value: float32 sums in another order
FLOAT32 = 1e-6  # of values of order 1: a few float32 operations
FLOAT64 = 1e-9  # scores and px: float64 sums in another order
SAME_FORMULA = 1e-12  # of values of order 1: the same float64 formula, rounded in two ways
SIX_DECIMALS = 6e-7  # of values that the specification gives with six decimals
ORACLE = 1e-6  # metrics: what another program computes from the same poses
