//! The table and the bucket under the calls: costs, permissions, races and repairs.

mod admin_permissions;
mod ageing;
mod audit;
mod generations;
mod healing;
mod native_round_trips;
mod permissions;
mod races;
mod round_trips;
