//! The node: transactions executed, state stored, blocks agreed on.
