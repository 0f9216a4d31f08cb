//! The command line of huanxin.

fn main() {}
