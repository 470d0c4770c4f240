import { between, pick, type Random, uuid } from "./random.js";

/** An event before it is serialised, and possibly damaged. */
export interface RideEvent {
  topic: "gps-pings" | "trips";
  /** Events of one key keep their order. */
  key: string;
  payload: Record<string, unknown>;
}

const NUM_DRIVERS = 400;
const NUM_OPEN_TRIPS = 120;
/** A driver pings every few seconds; a trip changes state every few minutes. */
const PING_SHARE = 0.85;
const CENTRE = { lat: 48.137, lon: 11.575 };
const ZONES = ["MU01", "MU02", "MU07", "MU12", "FR03"];

interface Driver {
  id: string;
  lat: number;
  lon: number;
  heading: number;
  battery: number;
  platform: string;
  tripId: string | null;
}

interface Trip {
  id: string;
  riderId: string;
  driver: Driver;
  step: number;
  payment: string;
  dropoff: { lat: number; lon: number };
}

const STEPS = ["requested", "matched", "driver_arrived", "started", "completed"] as const;
const CANCELLED_SHARE = 0.08;

/** Drivers that move and trips that go on; every event of it holds its contract. */
export class City {
  readonly #random: Random;
  readonly #now: () => Date;
  readonly #drivers: Driver[];
  readonly #trips: Trip[] = [];

  constructor(random: Random, now: () => Date = () => new Date()) {
    this.#random = random;
    this.#now = now;
    this.#drivers = Array.from({ length: NUM_DRIVERS }, () => this.#newDriver());
  }

  next(): RideEvent {
    return this.#random() < PING_SHARE ? this.#ping() : this.#tripEvent();
  }

  #ping(): RideEvent {
    const random = this.#random;
    const driver = pick(random, this.#drivers);
    const speed = driver.tripId ? between(random, 5, 90) : between(random, 0, 50);
    driver.heading = (driver.heading + between(random, -30, 30) + 360) % 360;
    const radians = (driver.heading * Math.PI) / 180;
    driver.lat = nearCentre(driver.lat, CENTRE.lat, Math.cos(radians) * speed * 1e-5);
    driver.lon = nearCentre(driver.lon, CENTRE.lon, Math.sin(radians) * speed * 1e-5);
    driver.battery = driver.battery > 5 ? driver.battery - random() * 0.05 : 100;
    const payload = {
      event_id: uuid(random),
      driver_id: driver.id,
      trip_id: driver.tripId,
      driver_status: driver.tripId ? "on_trip" : pick(random, ["available", "en_route"]),
      location: { lat: rounded(driver.lat, 6), lon: rounded(driver.lon, 6) },
      speed_kmh: rounded(speed, 1),
      heading: Math.floor(driver.heading),
      accuracy_m: rounded(between(random, 2, 25), 1),
      battery_percent: Math.floor(driver.battery),
      platform: driver.platform,
      recorded_at: this.#now().toISOString(),
    };
    return { topic: "gps-pings", key: driver.id, payload };
  }

  #tripEvent(): RideEvent {
    const random = this.#random;
    if (this.#trips.length < NUM_OPEN_TRIPS) this.#trips.push(this.#newTrip());
    const index = Math.floor(random() * this.#trips.length);
    const trip = this.#trips[index] ?? this.#newTrip();
    const isCancelled = trip.step < 3 && random() < CANCELLED_SHARE;
    const state = isCancelled ? "cancelled" : (STEPS[trip.step] ?? "completed");
    trip.step += 1;
    const isOver = state === "cancelled" || state === "completed";
    if (isOver) this.#trips.splice(index, 1);
    const { driver } = trip;
    driver.tripId = isOver || state === "requested" ? null : trip.id;
    const payload = {
      event_id: uuid(random),
      trip_id: trip.id,
      rider_id: trip.riderId,
      driver_id: state === "requested" ? null : driver.id,
      event_type: state,
      zone: pick(random, ZONES),
      pickup: { lat: rounded(driver.lat, 6), lon: rounded(driver.lon, 6) },
      dropoff: trip.dropoff,
      passengers: 1 + Math.floor(random() * 4),
      payment_method: trip.payment,
      surge_multiplier: rounded(1 + random() * random() * 2, 2),
      fare: state === "completed" ? rounded(between(random, 4, 80), 2) : null,
      occurred_at: this.#now().toISOString(),
    };
    return { topic: "trips", key: trip.id, payload };
  }

  #newDriver(): Driver {
    const random = this.#random;
    return {
      id: uuid(random),
      lat: CENTRE.lat + between(random, -0.1, 0.1),
      lon: CENTRE.lon + between(random, -0.1, 0.1),
      heading: between(random, 0, 360),
      battery: between(random, 20, 100),
      platform: pick(random, ["ios", "android"]),
      tripId: null,
    };
  }

  #newTrip(): Trip {
    const random = this.#random;
    return {
      id: uuid(random),
      riderId: uuid(random),
      driver: pick(random, this.#drivers),
      step: 0,
      payment: pick(random, ["card", "cash", "wallet"]),
      dropoff: {
        lat: rounded(CENTRE.lat + between(random, -0.1, 0.1), 6),
        lon: rounded(CENTRE.lon + between(random, -0.1, 0.1), 6),
      },
    };
  }
}

/** Moves on, or turns back at the edge of town. */
function nearCentre(at: number, centre: number, step: number): number {
  return Math.abs(at + step - centre) < 0.2 ? at + step : at - step;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
