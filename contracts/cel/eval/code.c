#include "contracts/cel/eval/code.h"

const struct fwl_cel_op_row fwl_cel_op_rows[FWL_CEL_OP_COUNT] = {
#define ROW(name, number, operands, takes, gives, cost, shape)                                                         \
    [number] = {(operands) << 5 | FWL_CEL_SHAPE_##shape, (takes), (gives), (cost)},
    FWL_CEL_OPS(ROW)
#undef ROW
};

const struct fwl_cel_function_row fwl_cel_function_rows[FWL_CEL_FN_COUNT] = {
#define ROW(name, number, least, most, cost, extent)                                                                   \
    [number] = {(least) << 4 | (most), FWL_CEL_COST_##cost << 4 | FWL_CEL_EXTENT_##extent},
    FWL_CEL_FUNCTIONS(ROW)
#undef ROW
};
