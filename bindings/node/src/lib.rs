//! What crosses N-API: conversion, handles, callbacks; no rule, no default and no retry of its own.
//!
//! Failures are values, and everything that Node waits for is pulled by it, so that no callback of
//! ours can hold or end its process. 64-bit integers are `bigint`.

// A lint of all targets builds a test harness as well, for which napi registers nothing.
#![cfg_attr(test, allow(dead_code))]

mod allocator;
mod broker;
mod config;
mod contract;
mod documents;
mod failure;
mod functions;
mod inspect;
mod ledgers;
mod logging;
mod maintain;
mod memory_stream;
mod operate;
mod query;
mod rules;
mod stream;
mod transforms;
mod values;
mod verify;
