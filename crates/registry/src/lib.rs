//! A client of the Confluent Schema Registry API.
