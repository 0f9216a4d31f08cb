//! The tables as the query builder sees them: one description for both databases, with types that both have.

macro_rules! tables {
    ($($name:ident ($($key:ident),+) { $($columns:tt)* })+) => { $(
        diesel::table! {
            use diesel::sql_types::*;
            use crate::store::types::Uid;

            $name ($($key),+) { $($columns)* }
        }
    )+ };
}

tables! {
    audit_head (id) {
        id -> Integer,
        seq -> BigInt,
        hash -> Text,
        at -> BigInt,
    }
    audit_record (seq) {
        seq -> BigInt,
        at -> BigInt,
        subject -> Text,
        body -> Text,
        hash -> Text,
    }
    audit_checkpoint (id) {
        id -> Uid,
        number -> BigInt,
        size -> BigInt,
        root -> Text,
        head -> Text,
        at -> BigInt,
        statement -> Text,
    }
    audit_block (number) {
        number -> BigInt,
        root -> Text,
    }
    command_log (id) {
        id -> Uid,
        fingerprint -> Uid,
        outcome -> Text,
        at -> BigInt,
    }
    programme (id) {
        id -> Text,
        status -> Text,
        current_version -> BigInt,
        latest_version -> BigInt,
    }
    programme_version (programme, number) {
        programme -> Text,
        number -> BigInt,
        body -> Text,
        published_at -> Nullable<BigInt>,
    }
    retailer (id) {
        id -> Uid,
        name -> Text,
        uscc -> Text,
        divisions -> Text,
        account -> Text,
        contact -> Nullable<Text>,
        standing -> Text,
        programmes -> Text,
        proposal -> Nullable<Uid>,
        paying -> Text,
    }
    account_proposal (id) {
        id -> Uid,
        retailer -> Uid,
        account -> Text,
        replaces -> Text,
        status -> Text,
        proposed_by -> Uid,
        proposed_at -> BigInt,
        decided_by -> Nullable<Uid>,
        decided_at -> Nullable<BigInt>,
        reason -> Nullable<Text>,
    }
    store (id) {
        id -> Uid,
        retailer -> Uid,
        name -> Text,
        address -> Text,
        division_code -> Text,
        town -> Text,
        standing -> Text,
    }
    recycler (id) {
        id -> Uid,
        name -> Text,
        uscc -> Text,
        address -> Text,
        division_code -> Text,
        town -> Text,
        opening_hours -> Nullable<Text>,
        latitude_micro -> Nullable<BigInt>,
        longitude_micro -> Nullable<BigInt>,
        categories -> Text,
        standing -> Text,
    }
    person (id) {
        id -> Uid,
        number_lookup -> Uid,
        number_sealed -> Text,
        number_masked -> Text,
        name_lookup -> Uid,
        name_sealed -> Text,
        name_masked -> Text,
        restricted_at -> Nullable<BigInt>,
        erased_at -> Nullable<BigInt>,
    }
    data_key (person, id) {
        person -> Uid,
        id -> Uid,
        wrapped -> Nullable<Text>,
        master_kid -> Text,
        made_at -> BigInt,
        shredded_at -> Nullable<BigInt>,
    }
    quota_use (id) {
        id -> Uid,
        person -> Uid,
        scope -> Text,
        period -> Integer,
        live -> Text,
        issued -> BigInt,
        lapsed -> BigInt,
    }
    turn_in (id) {
        id -> Uid,
        person -> Uid,
        owner_name -> Text,
        owner_number -> Text,
        recorder -> Uid,
        status -> Text,
        voucher -> Nullable<Uid>,
        item -> Text,
        claims -> Text,
        recorded_at -> BigInt,
        void_reason -> Nullable<Text>,
        category -> Text,
    }
    voucher (id) {
        id -> Uid,
        programme -> Text,
        version -> BigInt,
        category -> Text,
        line -> Uid,
        person -> Uid,
        division_code -> Text,
        turn_in -> Nullable<Uid>,
        status -> Text,
        reserved_fen -> BigInt,
        issued_at -> BigInt,
        expires_at -> BigInt,
        redemption -> Nullable<Uid>,
        claims -> Text,
        quotas -> Text,
        device -> Nullable<Uid>,
    }
    redemption (id) {
        id -> Uid,
        voucher -> Uid,
        programme -> Text,
        version -> BigInt,
        category -> Text,
        line -> Uid,
        person -> Uid,
        retailer -> Uid,
        store -> Uid,
        town -> Text,
        clerk -> Uid,
        bucket -> Uid,
        turn_in -> Nullable<Uid>,
        at -> BigInt,
        subsidy_fen -> BigInt,
        merchant_bonus_fen -> BigInt,
        consumer_pays_fen -> BigInt,
        funding -> Text,
        item -> Text,
        price -> Text,
        invoice -> Text,
        delivery -> Text,
        completed -> Bool,
        claims -> Text,
    }
    redemption_state (redemption) {
        redemption -> Uid,
        status -> Text,
        step -> Uid,
        at -> BigInt,
        reason -> Text,
        rejection -> Nullable<Text>,
        bucket -> Nullable<Uid>,
    }
    adjustment_state (adjustment) {
        adjustment -> Uid,
        redemption -> Uid,
        status -> Text,
        step -> Uid,
        settlement -> Uid,
        code -> Text,
        reason -> Text,
        bucket -> Nullable<Uid>,
        at -> BigInt,
    }
    adjustment (id) {
        id -> Uid,
        redemption -> Uid,
        voucher -> Uid,
        programme -> Text,
        version -> BigInt,
        category -> Text,
        line -> Uid,
        retailer -> Uid,
        store -> Uid,
        before_fen -> BigInt,
        after_fen -> BigInt,
        amount_fen -> BigInt,
        funding -> Text,
        author -> Uid,
        at -> BigInt,
        bucket -> Uid,
    }
    settlement_bucket (id) {
        id -> Uid,
        retailer -> Uid,
        programme -> Text,
        day -> Integer,
        settlement -> Nullable<Uid>,
        stage -> Nullable<Text>,
        portions -> Text,
        held -> BigInt,
    }
    settlement (id) {
        id -> Uid,
        retailer -> Uid,
        from_day -> Integer,
        to_day -> Integer,
        status -> Text,
        submitted_lines -> BigInt,
        submitted_fen -> BigInt,
        rejected_lines -> BigInt,
        rejected_fen -> BigInt,
        approved_lines -> Nullable<BigInt>,
        approved_fen -> Nullable<BigInt>,
        recovered_fen -> BigInt,
        due_day -> Nullable<Integer>,
        batch -> Nullable<Uid>,
        submitted_at -> BigInt,
        body -> Text,
    }
    line_rejection (id) {
        id -> Uid,
        settlement -> Uid,
        redemption -> Uid,
        code -> Text,
        reason -> Text,
        lost_lines -> BigInt,
        lost_fen -> BigInt,
        by_officer -> Uid,
        at -> BigInt,
    }
    line_hold (redemption) {
        redemption -> Uid,
        open -> Text,
    }
    payment_batch (id) {
        id -> Uid,
        settlements -> Text,
        payments -> BigInt,
        total_fen -> BigInt,
        open -> Text,
        by_officer -> Uid,
        at -> BigInt,
    }
    bank_return (id) {
        id -> Uid,
        batch -> Uid,
        sha256 -> Text,
        file_rows -> BigInt,
        by_officer -> Uid,
        at -> BigInt,
    }
    reconciliation_row (id) {
        id -> Uid,
        batch -> Uid,
        file -> Uid,
        file_row -> Nullable<BigInt>,
        kind -> Text,
        settlement -> Nullable<Uid>,
        expected_fen -> Nullable<BigInt>,
        found_fen -> Nullable<BigInt>,
        reference -> Nullable<Text>,
        paid_on -> Nullable<Integer>,
        status -> Text,
        answer -> Nullable<Text>,
        note -> Nullable<Text>,
        closed_by -> Nullable<Uid>,
        closed_at -> Nullable<BigInt>,
        at -> BigInt,
        named -> Nullable<Text>,
        paid -> Nullable<Bool>,
        asked_by -> Nullable<Uid>,
        asked_at -> Nullable<BigInt>,
    }
    repayment (id) {
        id -> Uid,
        retailer -> Uid,
        amount_fen -> BigInt,
        recovered -> Text,
        reference -> Text,
        paid_on -> Integer,
        by_officer -> Uid,
        at -> BigInt,
    }
    claim (hash, kind) {
        hash -> Uid,
        kind -> SmallInt,
        holder -> Nullable<Uid>,
        previous -> Nullable<Uid>,
    }
    release_use (id) {
        id -> Uid,
        line -> Uid,
        opened_at -> BigInt,
        issued -> BigInt,
    }
    growth_baseline (id) {
        id -> Uid,
        year -> Integer,
        value -> BigInt,
        source -> Text,
        monthly -> Nullable<Text>,
        author -> Uid,
        at -> BigInt,
    }
    off_system_trade_in (id) {
        id -> Uid,
        month -> Integer,
        trade_ins -> BigInt,
        source -> Text,
        author -> Uid,
        at -> BigInt,
    }
    ledger_line (id) {
        id -> Uid,
        programme -> Text,
        category -> Text,
        appropriation_fen -> BigInt,
        available_fen -> BigInt,
        reserved_fen -> BigInt,
        payable_fen -> BigInt,
        paid_fen -> BigInt,
        clawback_fen -> BigInt,
    }
    ledger_account (id) {
        id -> Uid,
        line -> Uid,
        retailer -> Uid,
        payable_fen -> BigInt,
        paid_fen -> BigInt,
        clawback_fen -> BigInt,
    }
    movement (id) {
        id -> Uid,
        line -> Uid,
        retailer -> Nullable<Uid>,
        kind -> Text,
        subject -> Uid,
        appropriation_fen -> BigInt,
        available_fen -> BigInt,
        reserved_fen -> BigInt,
        payable_fen -> BigInt,
        paid_fen -> BigInt,
        clawback_fen -> BigInt,
        at -> BigInt,
    }
    rollup (id) {
        id -> Uid,
        programme -> Text,
        category -> Text,
        retailer -> Uid,
        store -> Uid,
        town -> Text,
        effective_day -> Integer,
        recorded_day -> Integer,
        issued -> BigInt,
        expired -> BigInt,
        cancelled -> BigInt,
        redeemed -> BigInt,
        reversed -> BigInt,
        completed -> BigInt,
        without_old_item -> BigInt,
        amount_reserved_fen -> BigInt,
        amount_redeemed_fen -> BigInt,
        amount_reversed_fen -> BigInt,
        amount_approved_fen -> BigInt,
        amount_paid_fen -> BigInt,
        amount_recovered_fen -> BigInt,
    }
    rollup_entry (id) {
        id -> Uid,
        subject -> Uid,
        programme -> Text,
        category -> Text,
        retailer -> Uid,
        store -> Uid,
        town -> Text,
        effective_day -> Integer,
        recorded_day -> Integer,
        issued -> BigInt,
        expired -> BigInt,
        cancelled -> BigInt,
        redeemed -> BigInt,
        reversed -> BigInt,
        completed -> BigInt,
        without_old_item -> BigInt,
        amount_reserved_fen -> BigInt,
        amount_redeemed_fen -> BigInt,
        amount_reversed_fen -> BigInt,
        amount_approved_fen -> BigInt,
        amount_paid_fen -> BigInt,
        amount_recovered_fen -> BigInt,
        at -> BigInt,
    }
    assisted_claim (voucher) {
        voucher -> Uid,
        person -> Uid,
        assistant -> Uid,
        service_point -> Uid,
        consent -> Text,
        note -> Nullable<Text>,
        at -> BigInt,
    }
    assistant_use (id) {
        id -> Uid,
        assistant -> Uid,
        day -> Integer,
        claims -> BigInt,
    }
    account (id) {
        id -> Uid,
        login -> Text,
        role -> Text,
        organisation -> Nullable<Uid>,
        store -> Nullable<Uid>,
        tasks -> Text,
        name -> Text,
        password -> Text,
        totp -> Nullable<Text>,
        pending_totp -> Nullable<Text>,
        totp_step -> BigInt,
        must_change -> Bool,
        failed -> BigInt,
        locked_at -> Nullable<BigInt>,
        disabled -> Bool,
        open -> Text,
        created_at -> BigInt,
    }
    session (id) {
        id -> Uid,
        account -> Uid,
        store -> Nullable<Uid>,
        device -> Nullable<Uid>,
        generation -> BigInt,
        opened_at -> BigInt,
        used_at -> BigInt,
        idle_at -> BigInt,
        lapses_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        ending -> Nullable<Text>,
        till -> Nullable<Uid>,
    }
    refresh_token (id) {
        id -> Uid,
        digest -> Text,
        account -> Uid,
        session -> Uid,
        generation -> BigInt,
        at -> BigInt,
    }
    till (id) {
        id -> Uid,
        digest -> Text,
        retailer -> Uid,
        store -> Uid,
        label -> Text,
        device -> Nullable<Uid>,
        created_at -> BigInt,
        code_lapses_at -> BigInt,
        enrolled_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
    webhook (id) {
        id -> Uid,
        retailer -> Uid,
        url -> Text,
        label -> Text,
        kinds -> Text,
        serial -> BigInt,
        overlap_until -> Nullable<BigInt>,
        status -> Text,
        cursor -> BigInt,
        tries -> BigInt,
        retry_at -> Nullable<BigInt>,
        failing_since -> Nullable<BigInt>,
        failure -> Nullable<Text>,
        delivered_at -> Nullable<BigInt>,
        created_at -> BigInt,
        stopped_at -> Nullable<BigInt>,
        reason -> Nullable<Text>,
    }
    webhook_miss (id) {
        id -> Uid,
        webhook -> Uid,
        event -> Uid,
        seq -> BigInt,
        kind -> Text,
        failure -> Text,
        tries -> BigInt,
        missed_at -> BigInt,
        again_at -> Nullable<BigInt>,
        delivered_at -> Nullable<BigInt>,
    }
    revocation (subject) {
        subject -> Uid,
        ended -> Bool,
        before_at -> BigInt,
        at -> BigInt,
        forget_at -> BigInt,
    }
    attempt (id) {
        id -> Uid,
        at -> BigInt,
        actor -> Uid,
        role -> Text,
        act -> Text,
        subject -> Text,
        codes -> Text,
        request_id -> Text,
    }
    import_file (id) {
        id -> Uid,
        of_table -> Text,
        sha256 -> Text,
        rows -> BigInt,
        replaces -> Uid,
        entries -> Nullable<Text>,
        author -> Uid,
        at -> BigInt,
    }
    product (id) {
        id -> Uid,
        import -> Uid,
        row_number -> BigInt,
        gtin -> Text,
        category -> Text,
        brand -> Text,
        model -> Text,
        energy_level -> Nullable<Integer>,
        filed_price_fen -> Nullable<BigInt>,
        at -> BigInt,
    }
    old_item_step (id) {
        id -> Uid,
        turn_in -> Uid,
        step -> Text,
        organisation -> Uid,
        day -> Integer,
        certificate -> Nullable<Text>,
        sha256 -> Nullable<Text>,
        author -> Uid,
        at -> BigInt,
    }
    pickup (id) {
        id -> Uid,
        person -> Uid,
        category -> Text,
        division_code -> Text,
        town -> Text,
        address -> Text,
        from_at -> BigInt,
        until_at -> BigInt,
        status -> Text,
        recycler -> Nullable<Uid>,
        turn_in -> Nullable<Uid>,
        reason -> Nullable<Text>,
        requested_at -> BigInt,
        changed_at -> BigInt,
    }
    evidence_file (id) {
        id -> Uid,
        about -> Text,
        subject -> Uid,
        person -> Uid,
        kind -> Text,
        media -> Text,
        bytes -> BigInt,
        sha256 -> Text,
        blob -> Text,
        data_key -> Uid,
        organisation -> Uid,
        uploader -> Uid,
        at -> BigInt,
    }
    anomaly_rules (id) {
        id -> Uid,
        number -> BigInt,
        rules -> Text,
        reason -> Text,
        author -> Uid,
        at -> BigInt,
    }
    anomaly_scan (day) {
        day -> Integer,
        rules -> BigInt,
        findings -> BigInt,
        at -> BigInt,
    }
    anomaly (id) {
        id -> Uid,
        rule -> Text,
        subject -> Uid,
        day -> Integer,
        since -> Integer,
        part -> BigInt,
        measure -> BigInt,
        score -> BigInt,
        holds -> Bool,
        lines -> Text,
        retailers -> Text,
        evidence -> Text,
        zh -> Text,
        en -> Text,
        rules -> BigInt,
        at -> BigInt,
        status -> Text,
        resolved_by -> Nullable<Uid>,
        resolved_at -> Nullable<BigInt>,
        reason -> Nullable<Text>,
    }
    dispute (id) {
        id -> Uid,
        about -> Text,
        subject -> Uid,
        codes -> Text,
        retailer -> Nullable<Uid>,
        opened_by -> Text,
        opener -> Uid,
        author -> Uid,
        statement -> Text,
        opened_at -> BigInt,
        answer_by -> Integer,
        decide_by -> Integer,
        holidays_known -> Bool,
        status -> Text,
        answer -> Nullable<Text>,
        answered_by -> Nullable<Uid>,
        answered_at -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
        reason -> Nullable<Text>,
        decided_by -> Nullable<Uid>,
        decided_at -> Nullable<BigInt>,
        holds -> Bool,
        compensation -> Nullable<Text>,
        released -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(redemption, redemption_state, adjustment);
// And what was paid is counted by the settlement that has its bucket.
diesel::allow_tables_to_appear_in_same_query!(settlement_bucket, redemption);
diesel::allow_tables_to_appear_in_same_query!(settlement_bucket, redemption_state);
diesel::allow_tables_to_appear_in_same_query!(voucher, assisted_claim);
diesel::allow_tables_to_appear_in_same_query!(refresh_token, account);
// A person's dealings are looked for beside the person.
diesel::allow_tables_to_appear_in_same_query!(person, voucher, turn_in);
diesel::allow_tables_to_appear_in_same_query!(turn_in, old_item_step);
// A scan reads a redemption with its voucher and its store.
diesel::allow_tables_to_appear_in_same_query!(redemption, voucher, store);
diesel::allow_tables_to_appear_in_same_query!(redemption_state, voucher);
diesel::allow_tables_to_appear_in_same_query!(redemption_state, store);
// And an old item with the voucher that it supports, and with how far it has come.
diesel::allow_tables_to_appear_in_same_query!(old_item_step, voucher);
// A webhook is told while its retailer takes part.
diesel::allow_tables_to_appear_in_same_query!(webhook, retailer);
