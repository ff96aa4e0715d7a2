// SPDX-License-Identifier: MIT OR Apache-2.0
// Written by probity, not to be edited. Compile it with the optimizer.
pragma solidity >=0.8.20 <0.9.0;

/// @title Checks Groth16 proofs of $SUBJECT
/// @notice Says whether a proof holds for public inputs, and nothing else: neither where they come from nor what they are
/// used for. The contract that asks must compare the roots and the month with an anchor that it trusts, compute scope and
/// context itself, take each nullifier once in its scope, and have the answer opened: a proof may be of a decline.
/// @dev Anybody can rewrite a proof into another one that holds: key nothing on the bytes of a proof.
/// Uses the precompiles 6 and 7 (EIP-196) and 8 (EIP-197). They refuse coordinates that are not below the modulus of the
/// base field, points off the curve and points outside the subgroup, and take all gas they are given when they do: a caller
/// that has to survive wrong proofs limits the gas of its call. Points at infinity, (0, 0), need no check: what makes
/// proofs sound does not exclude them.
$WARNING
contract $CONTRACT {
$IDS
    /// @dev Order of the groups. Public inputs are below it.
    uint256 private constant R = $ORDER;

    // The verifying key. Alpha, gamma and delta are stored negated, so that a proof holds if
    // e(A, B) e(alpha, beta) e(sum, gamma) e(C, delta) = 1. Of an element of the second field the imaginary part comes first.
$KEY
    // Where the sum begins: $BASE.
$SUM
    // What each input of a call is multiplied with.
$POINTS
    /// @notice Whether a proof holds for these public inputs.
    /// @param a The proof's A: x and y.
    /// @param b The proof's B: x and y, of each the imaginary part first.
    /// @param c The proof's C: x and y.
    /// @param inputs $INPUTS.
    /// @return valid True if it holds. False if it does not, if an input is not below the order, if a point is none, and if
    /// the gas ran out in a precompile.
    function verifyProof(
        uint256[2] calldata a,
        uint256[2][2] calldata b,
        uint256[2] calldata c,
        uint256[$COUNT] calldata inputs
    ) external view returns (bool valid) {
        // the sum, then room for a point and its factor
        uint256[5] memory sum = [SUM_X, SUM_Y, 0, 0, 0];
$ADDITIONS
        uint256[24] memory pairs = [
            a[0], a[1], b[0][0], b[0][1], b[1][0], b[1][1],
            ALPHA_X, ALPHA_Y, BETA_X_IM, BETA_X_RE, BETA_Y_IM, BETA_Y_RE,
            sum[0], sum[1], GAMMA_X_IM, GAMMA_X_RE, GAMMA_Y_IM, GAMMA_Y_RE,
            c[0], c[1], DELTA_X_IM, DELTA_X_RE, DELTA_Y_IM, DELTA_Y_RE
        ];
        assembly ("memory-safe") {
            let done := staticcall(gas(), 8, pairs, 0x300, 0, 0x20)
            // where there is no precompile, calls end well and return nothing
            valid := and(and(done, eq(returndatasize(), 0x20)), eq(mload(0), 1))
        }
    }

    /// @dev sum += factor (x, y). False if the factor is not below the order or a precompile fails.
    function accumulate(uint256[5] memory sum, uint256 x, uint256 y, uint256 factor) private view returns (bool done) {
        if (factor >= R) return false;
        assembly ("memory-safe") {
            let point := add(sum, 0x40)
            mstore(point, x)
            mstore(add(point, 0x20), y)
            mstore(add(point, 0x40), factor)
            done := staticcall(gas(), 7, point, 0x60, point, 0x40)
            done := and(done, eq(returndatasize(), 0x40))
            let added := staticcall(gas(), 6, sum, 0x80, sum, 0x40)
            done := and(done, and(added, eq(returndatasize(), 0x40)))
        }
    }
}
